#include "signer/authn/node_leaf.h"

#include <algorithm>

#include "signer/authn/leaf.h"
#include "signer/authn/refusal.h"
#include "signer/der/reader.h"
#include "signer/node_id.h"

namespace rootkeep {
namespace {

Result<ByteView> TbsOf(ByteView leaf_der) {
  const auto content = der::Only(leaf_der, der::kSequence);
  const auto tbs = content ? der::Reader(*content).Take() : std::nullopt;
  if (!tbs) return Refusal(refusal::kCertificateMalformed, "the client certificate is not DER");
  return tbs->whole;
}

}  // namespace

bool HasNodeName(std::span<const std::string_view> uri_names, std::span<const std::string> trust_domains) {
  return uri_names.size() == 1 && std::ranges::any_of(trust_domains, [&](const std::string& trust_domain) {
           return IsNodeUri(uri_names.front(), trust_domain);
         });
}

bool IsNodeLeaf(ByteView leaf_der, std::span<const std::string> trust_domains) {
  const auto cert = leaf::Parse(leaf_der);
  if (!cert.ok()) return false;
  const auto names = leaf::ReadNames(cert->get());
  return names.ok() && HasNodeName(leaf::UriNames(*names), trust_domains);
}

Result<NodeLeaf> ReadNodeLeaf(ByteView leaf_der) {
  RK_TRY(const ossl::Cert cert, leaf::Parse(leaf_der));
  RK_RETURN_IF_ERROR(leaf::CheckPurpose(cert.get()));
  RK_TRY(const ByteView tbs, TbsOf(leaf_der));
  NodeLeaf facts;
  RK_TRY(facts.tbs_sha256, Sha256(tbs));
  RK_TRY(facts.serial_hex, leaf::SerialHex(cert.get()));
  RK_TRY(facts.not_after, leaf::NotAfter(cert.get()));
  return facts;
}

}  // namespace rootkeep
