#include "tools/rootkeep/doctor/tls_server.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdint>

#include "keystore/base/openssl.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"

namespace rootkeep::cli {
namespace {

using Context = ossl::Owned<SSL_CTX, SSL_CTX_free>;
using Connection = ossl::Owned<SSL, SSL_free>;

constexpr int kNapMs = 10;

// BIO_do_connect_retry leaves a socket that does not wait.
bool LimitWaits(int socket, std::chrono::seconds limit) {
  const timeval time{.tv_sec = limit.count(), .tv_usec = 0};
  const int flags = fcntl(socket, F_GETFL);
  return flags >= 0 && fcntl(socket, F_SETFL, flags & ~O_NONBLOCK) == 0 &&
         setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time) == 0 &&
         setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof time) == 0;
}

std::string ChainPem(SSL* connection) {
  std::string pem;
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(connection);
  for (int i = 0; i < sk_X509_num(chain); ++i) pem += CertificatePem(CertificateDer(sk_X509_value(chain, i)));
  return pem;
}

}  // namespace

Result<std::string> ShownByTlsServer(const std::string& address, std::chrono::seconds limit) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  ossl::Bio bio(BIO_new_connect(address.c_str()));
  if (context == nullptr || bio == nullptr) return ossl::TakeError(Code::kInternal, "SSL_CTX_new");
  if (BIO_do_connect_retry(bio.get(), static_cast<int>(limit.count()), kNapMs) != 1) {
    return ossl::TakeError(Code::kUnavailable, "connect to " + address);
  }
  int socket = -1;
  BIO_get_fd(bio.get(), &socket);
  const Connection connection(SSL_new(context.get()));
  if (connection == nullptr || !LimitWaits(socket, limit)) return ossl::TakeError(Code::kInternal, "SSL_new");
  SSL_set_bio(connection.get(), bio.get(), bio.get());
  [[maybe_unused]] const BIO* owned_by_connection = bio.release();
  constexpr std::array<std::uint8_t, 3> kHttp2{2, 'h', '2'};
  SSL_set_alpn_protos(connection.get(), kHttp2.data(), kHttp2.size());
  if (SSL_connect(connection.get()) != 1) {
    return ossl::TakeError(Code::kUnavailable, "TLS handshake with " + address);
  }
  return ChainPem(connection.get());
}

}  // namespace rootkeep::cli
