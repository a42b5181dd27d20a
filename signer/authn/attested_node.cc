#include "signer/authn/attested_node.h"

#include <fmt/format.h>

#include <optional>

#include "attestation/verifier/key_evidence.h"
#include "signer/authn/refusal.h"
#include "signer/der/pem.h"

namespace rootkeep {
namespace {

// What the caller's evidence adds to who he is and from where.
Status AddEvidence(const CallContext& call, const NodeRegistry::Entry& node, Caller& caller) {
  if (call.key_evidence == nullptr) return Ok();
  auto spki = attestation::CheckKeyEvidence(*call.key_evidence, node.ak_name);
  if (!spki.ok()) {
    return Refusal(refusal::kKeyEvidence, fmt::format("the evidence for the caller's key is not of node {}: {}",
                                                      node.node, spki.error().ToString()));
  }
  caller.attested_spki = *std::move(spki);
  return Ok();
}

}  // namespace

Result<std::shared_ptr<const AttestedNodeAuthenticator::Known>> AttestedNodeAuthenticator::Recognise(
    std::string_view pem) const {
  RK_TRY(const Sha256Digest digest, Sha256(AsBytes(pem)));
  if (auto known = cache_.Find(digest)) return known;
  auto known = std::make_shared<Known>();
  const auto der = der::FirstPemBlock(pem);
  if (der.ok() && IsNodeLeaf(*der, trust_domains_)) {
    RK_TRY(*known, ReadNodeLeaf(*der));
  }
  cache_.Insert(digest, known);
  return std::shared_ptr<const Known>(std::move(known));
}

Result<NodeRegistry::Entry> AttestedNodeAuthenticator::NodeOf(const NodeLeaf& certificate) const {
  const WallTime now = clock_.Now();
  if (now > certificate.not_after) {
    return Refusal(refusal::kCertificateExpired,
                   fmt::format("the node's certificate expired at {}, after this connection was made",
                               ToRfc3339(certificate.not_after)));
  }
  return nodes_.Find(certificate, now);
}

AuthOutcome AttestedNodeAuthenticator::Authenticate(const CallContext& call) const {
  if (call.client_certificate_pem.empty()) return NotMine{};
  const auto known = Recognise(call.client_certificate_pem);
  if (!known.ok()) return known.error();
  const Known& certificate = **known;
  if (!certificate) return NotMine{};
  auto node = NodeOf(*certificate);
  if (!node.ok()) return std::move(node).error();

  CallContext token_alone = call;
  token_alone.client_certificate_pem = {};
  AuthOutcome outcome = tokens_->Authenticate(token_alone);
  if (auto* caller = std::get_if<Caller>(&outcome)) {
    if (Status added = AddEvidence(call, *node, *caller); !added.ok()) return std::move(added).error();
    caller->attested_node = std::move(node->node);
    caller->attestation = std::move(node->attestation);
  } else if (std::holds_alternative<NotMine>(outcome)) {
    return Refusal(refusal::kNodeAlone, fmt::format("node {} shows no token, and answers for nobody", node->node));
  }
  return outcome;
}

}  // namespace rootkeep
