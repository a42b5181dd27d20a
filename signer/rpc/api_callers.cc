#include "signer/rpc/api_callers.h"

#include <utility>
#include <variant>

#include "signer/authn/direct_issue.h"

namespace rootkeep {
namespace {

// The name that it has in records is no SPIFFE ID, so that it stands for no workload anywhere.
Caller CallerOf(const SocketCaller& socket, const Peer& peer) {
  return {.identities = {{GeneralName::Kind::kUri, "caller:" + socket.name}},
          .method = AuthMethod::kLocalSocket,
          .authenticator = socket.name,
          .trust_domain = socket.trust_domain,
          .credential_id = "uid:" + std::to_string(socket.user),
          .peer = peer.address()};
}

Result<Caller> Authenticate(const Authenticator& authenticator, const Peer& peer) {
  if (peer.socket_caller()) return CallerOf(*peer.socket_caller(), peer);
  if (!peer.encrypted()) return Unauthenticated("not a TLS connection").WithReason("plaintext");
  AuthOutcome outcome = authenticator.Authenticate(peer.call());
  if (auto* error = std::get_if<Error>(&outcome)) return std::move(*error);
  if (auto* caller = std::get_if<Caller>(&outcome)) return std::move(*caller);
  return Unauthenticated("neither a client certificate nor a bearer token").WithReason("no_credential");
}

Status CheckIssuer(const Caller& caller, const Peer& peer, const AuthoritySet& authorities) {
  if (caller.method != AuthMethod::kClientCertificate) return Ok();
  if (IsDirectlyIssued(peer.call().client_certificate_pem, caller.trust_domain, authorities)) return Ok();
  return PermissionDenied("the client certificate is not one of an authority of ours").WithReason("certificate_issuer");
}

}  // namespace

Result<KnownCaller> ApiCallers::Recognise(const Peer& peer) const {
  RK_TRY(Caller caller, Authenticate(authenticator_, peer));
  RK_TRY(ApiCaller entry, EntryOf(caller));  // first: every workload has a certificate, and few an entry
  RK_RETURN_IF_ERROR(CheckIssuer(caller, peer, authorities_));
  return KnownCaller{std::move(caller), std::move(entry)};
}

Result<ApiCaller> ApiCallers::EntryOf(const Caller& caller) const {
  const auto policy = policy_.Get();
  RK_TRY(const ApiCaller* entry, FindApiCaller(caller, policy->api_callers, policy->requirements));
  return *entry;
}

}  // namespace rootkeep
