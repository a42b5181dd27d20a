#include "signer/authn/mtls.h"

#include <fmt/format.h>

#include "signer/authn/refusal.h"
#include "signer/authn/sha256.h"
#include "signer/der/pem.h"

namespace rootkeep {
namespace {

Result<Bytes> DecodeLeaf(std::string_view pem) {
  auto der = der::FirstPemBlock(pem);
  if (!der.ok()) return Refusal(refusal::kCertificateMalformed, der.error().message());
  return der;
}

}  // namespace

Result<std::shared_ptr<const MtlsAuthenticator::Known>> MtlsAuthenticator::Recognise(std::string_view pem) const {
  RK_TRY(const Sha256Digest digest, Sha256(AsBytes(pem)));
  if (auto known = cache_.Find(digest)) return known;
  RK_TRY(const Bytes der, DecodeLeaf(pem));
  RK_TRY(ClientCertificate facts, ReadClientCertificate(der, trust_domains_));
  auto known = std::make_shared<Known>();
  known->caller.identities = std::move(facts.identities);
  known->caller.method = AuthMethod::kClientCertificate;
  known->caller.authenticator = "mtls";
  known->caller.trust_domain = std::move(facts.spiffe_id.trust_domain);
  known->caller.credential_id = std::move(facts.serial_hex);
  known->not_after = facts.not_after;
  cache_.Insert(digest, known);
  return std::shared_ptr<const Known>(std::move(known));
}

AuthOutcome MtlsAuthenticator::Authenticate(const CallContext& call) const {
  if (call.client_certificate_pem.empty()) return NotMine{};
  const auto known = Recognise(call.client_certificate_pem);
  if (!known.ok()) return known.error();
  if (clock_.Now() > (*known)->not_after) {
    return Refusal(refusal::kCertificateExpired,
                   fmt::format("the client certificate expired at {}, after this connection was made",
                               ToRfc3339((*known)->not_after)));
  }
  Caller caller = (*known)->caller;
  caller.peer = call.peer;
  return caller;
}

}  // namespace rootkeep
