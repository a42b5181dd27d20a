// Who calls Rootkeep's own API: a local socket's one caller, or who a client certificate or token says.
#pragma once

#include "keystore/base/snapshot.h"
#include "signer/authn/authenticator.h"
#include "signer/authority/authority_set.h"
#include "signer/policy/policy.h"
#include "signer/rpc/peer.h"

namespace rootkeep {

struct KnownCaller {
  Caller caller;    // for policy and the record
  ApiCaller entry;  // what the configuration lets it do
};

// Thread-safe.
class ApiCallers {
 public:
  // All outlive this.
  ApiCallers(const Authenticator& authenticator, const Snapshot<Policy>& policy, const AuthoritySet& authorities)
      : authenticator_(authenticator), policy_(policy), authorities_(authorities) {}

  // UNAUTHENTICATED with reason "plaintext" on a connection that is neither TLS nor a caller's local socket,
  // "no_credential" without credentials, and the authenticator's reasons; PERMISSION_DENIED as FindApiCaller, and with
  // reason "certificate_issuer" for a client certificate that no authority that is loaded has issued itself: a foreign
  // CA below one can make a certificate for any identity, and would be every caller.
  [[nodiscard]] Result<KnownCaller> Recognise(const Peer& peer) const;

  // The caller's entry as the configuration has it by now. Errors as FindApiCaller.
  [[nodiscard]] Result<ApiCaller> EntryOf(const Caller& caller) const;

 private:
  const Authenticator& authenticator_;
  const Snapshot<Policy>& policy_;
  const AuthoritySet& authorities_;
};

}  // namespace rootkeep
