// The daemon's own serving certificate: issued by its CA, renewed before it expires, never on a disk.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "signer/general_name.h"
#include "signer/issue/issuer.h"
#include "signer/rpc/server_credentials.h"

namespace rootkeep {

// One software key per process, made at start and kept in memory: it proves the server's name and signs nothing else.
// Not thread-safe but for identity() and Showed().
class ServingCertificate {
 public:
  struct Options {
    std::string name;  // for logs: the listener's
    std::vector<GeneralName> names;
    std::string authority;   // whose certificate it is; empty: the default one
    LifetimeRules lifetime;  // default_ttl is asked for
  };

  // Starts with a self-signed certificate that no client trusts, so that the port can be opened, and health asked,
  // before any token is there.
  static Result<std::unique_ptr<ServingCertificate>> Make(Options options, WallTime now);

  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] ServingIdentity& identity() const { return *identity_; }
  // Whether a new one should be fetched now: none yet, or two thirds of the present one's life are over.
  [[nodiscard]] bool Due(WallTime now) const { return now >= renew_at_; }
  [[nodiscard]] WallTime not_after() const { return not_after_; }
  // Whether this is the SHA-256 of a certificate (DER) that it shows, or showed before the last one: a connection goes
  // on with the one that it began with.
  [[nodiscard]] bool Showed(ByteView sha256) const;

  // Takes the next one from this authority, and soon.
  void Follow(const std::string& authority) {
    options_.authority = authority;
    renew_at_ = WallTime::min();
  }

  // Has the certificate issued, recorded like any other, and shows it to new connections. Waits at most until
  // `deadline`; on an error the old one stays.
  Status Renew(Issuer& issuer, const Clock& clock, Deadline deadline);

 private:
  Status Remember(std::string_view leaf_pem);

  ServingCertificate(Options options, Bytes spki, std::unique_ptr<ServingIdentity> identity)
      : options_(std::move(options)), spki_(std::move(spki)), identity_(std::move(identity)) {}

  Options options_;
  const Bytes spki_;
  const std::unique_ptr<ServingIdentity> identity_;
  mutable Mutex shown_mutex_;
  std::deque<Bytes> shown_ RK_GUARDED_BY(shown_mutex_);  // SHA-256 of the newest certificates
  WallTime renew_at_;
  WallTime not_after_;
};

}  // namespace rootkeep
