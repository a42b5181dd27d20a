// What the TLS connections of a run share. GnuTLS, because OpenSSL 3.0 builds new decoders for every certificate that a
// peer shows: half of what a handshake costs a client.
#pragma once

#include <gnutls/gnutls.h>

#include <memory>
#include <string>
#include <type_traits>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

struct CredentialsDeleter {
  void operator()(gnutls_certificate_credentials_t credentials) const {
    gnutls_certificate_free_credentials(credentials);
  }
};
using CredentialsPtr = std::unique_ptr<std::remove_pointer_t<gnutls_certificate_credentials_t>, CredentialsDeleter>;

struct SessionDeleter {
  void operator()(gnutls_session_t session) const { gnutls_deinit(session); }
};
using SessionPtr = std::unique_ptr<std::remove_pointer_t<gnutls_session_t>, SessionDeleter>;

struct PrioritiesDeleter {
  void operator()(gnutls_priority_t priorities) const { gnutls_priority_deinit(priorities); }
};
using PrioritiesPtr = std::unique_ptr<std::remove_pointer_t<gnutls_priority_t>, PrioritiesDeleter>;

// A client certificate with its chain and key, and the roots to expect of the server.
struct ClientIdentity {
  CredentialsPtr credentials;
};

// INTERNAL, or UNAVAILABLE where the peer or the network is to blame: "CALL: what GnuTLS says".
Error GnutlsError(int code, std::string_view call);

// TLS 1.3, ALPN h2, the trust root, no session resumption. Not thread-safe; outlives its sessions.
class TlsClient {
 public:
  // Trusts the certificates in the PEM file `roots` and expects `server_name` in the server's certificate.
  static Result<std::unique_ptr<TlsClient>> Create(const std::string& roots, const std::string& server_name);

  // `chain`: PEM, leaf first.
  [[nodiscard]] Result<ClientIdentity> Identify(const std::string& chain, EVP_PKEY* key) const;

  // A fresh session, without a transport; `identity` may be null, and otherwise outlives the session.
  Result<SessionPtr> NewSession(const ClientIdentity* identity);

  // To be asked after the handshake and before anything is sent: UNAVAILABLE when the server's chain or name is wrong.
  // Both are verified in full the first time; the same leaf again needs no second look, and the handshake proved its
  // key. That keeps a connection for every request from measuring the generator.
  Status VerifyServer(gnutls_session_t session);

 private:
  TlsClient(std::string roots, std::string server_name)
      : roots_(std::move(roots)), server_name_(std::move(server_name)) {}
  [[nodiscard]] Result<CredentialsPtr> NewCredentials() const;

  std::string roots_;
  std::string server_name_;
  PrioritiesPtr priorities_;
  CredentialsPtr anonymous_;
  Bytes verified_leaf_;
};

}  // namespace rootkeep::bench
