// How a program of ours reaches rootkeepd's CertificateAuthority, and by what it is known there.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/mutex.h"
#include "signer/client/channel.h"

namespace rootkeep {

// Either `socket`, which proves the caller, or `address` with what proves server and caller. All are paths but
// `address` and `server_name`; an empty one is not given.
struct CaConnectionOptions {
  std::string socket;            // a Unix socket's absolute path, in a directory that only its owner can change
  std::string address;           // host:port
  std::string server_name;       // that the server's certificate must hold, when it is not the host of `address`
  std::string anchors_file;      // PEM, what the server's certificate must chain to
  std::string certificate_file;  // PEM, with its chain, leaf first
  std::string key_file;          // PEM, of the certificate
  std::string token_file;        // sent as "authorization: Bearer ..."
};

// Thread-safe. Files are read anew before each call, because certificates and tokens are renewed: a change of those
// that make a connection makes another one, once key and certificate belong together.
class CaConnection {
 public:
  // Reads the files and connects to nobody. INVALID_ARGUMENT for options that do not go together,
  // FAILED_PRECONDITION for a socket's directory that others can change, errors as ReadFile's, ReadSecretFile's (the
  // key) and ReadTokenFile's.
  static Result<std::unique_ptr<CaConnection>> Make(CaConnectionOptions options);

  // Errors as Make's.
  Result<std::shared_ptr<grpc::Channel>> Channel();
  // Puts the token into the call, if there is one. Errors as ReadTokenFile's.
  Status Authorize(grpc::ClientContext& context) const;
  // For messages.
  [[nodiscard]] const std::string& address() const {
    return options_.socket.empty() ? options_.address : options_.socket;
  }

 private:
  explicit CaConnection(CaConnectionOptions options) : options_(std::move(options)) {}
  Status Check() const;

  const CaConnectionOptions options_;
  Mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_ RK_GUARDED_BY(mutex_);
  std::string root_pem_ RK_GUARDED_BY(mutex_);
  std::string certificate_pem_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
