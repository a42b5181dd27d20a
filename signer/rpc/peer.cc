#include "signer/rpc/peer.h"

#include <grpc/grpc_security_constants.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "signer/rpc/node_messages.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxAuthorizationValues = 8;
constexpr std::chrono::hours kNoDeadline{24};

std::string_view View(const grpc::string_ref& text) { return {text.data(), text.size()}; }

// gRPC's "x509_pem_cert" property; empty when the connection has none.
std::string_view CertificateOf(const grpc::AuthContext& context) {
  const auto values = context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  return values.size() == 1 ? View(values[0]) : std::string_view();
}

bool IsTls(const grpc::AuthContext& context) {
  const auto types = context.FindPropertyValues(GRPC_TRANSPORT_SECURITY_TYPE_PROPERTY_NAME);
  return types.size() == 1 &&
         (types[0] == GRPC_SSL_TRANSPORT_SECURITY_TYPE || types[0] == GRPC_TLS_TRANSPORT_SECURITY_TYPE);
}

// Nothing where there is none; empty, which shows nothing, where there are several.
std::optional<attestation::KeyEvidence> EvidenceIn(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata) {
  const auto [first, last] = metadata.equal_range("rootkeep-key-evidence-bin");
  if (first == last) return std::nullopt;
  return std::next(first) == last ? ReadKeyEvidence(View(first->second)) : attestation::KeyEvidence();
}

}  // namespace

Peer::Peer(const grpc::ServerContextBase& context) : address_(context.peer()) {
  // The certificate counts only on a TLS connection whose handshake verified it.
  const auto auth = context.auth_context();
  encrypted_ = auth != nullptr && IsTls(*auth);
  if (encrypted_ && auth->IsPeerAuthenticated()) certificate_pem_ = CertificateOf(*auth);
  if (auth != nullptr && !encrypted_) socket_caller_ = SocketCallerOf(*auth);
  const auto& metadata = context.client_metadata();
  const auto [first, last] = metadata.equal_range("authorization");
  for (auto it = first; it != last && authorization_.size() < kMaxAuthorizationValues; ++it) {
    authorization_.push_back(View(it->second));
  }
  if (const auto found = metadata.find("clusterid"); found != metadata.end()) cluster_id_ = View(found->second);
  key_evidence_ = EvidenceIn(metadata);
  // gRPC gives the far future for "no deadline", which overflows any arithmetic: bound it first.
  const auto left = context.deadline() - std::chrono::system_clock::now();
  deadline_ = After(std::min<std::chrono::system_clock::duration>(left, kNoDeadline));
}

}  // namespace rootkeep
