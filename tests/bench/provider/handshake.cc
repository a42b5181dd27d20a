#include "tests/bench/provider/handshake.h"

namespace rootkeep::bench {
namespace {

using Ssl = ossl::Owned<SSL, SSL_free>;

constexpr std::size_t kPairSize = 1 << 16;
constexpr int kMostTurns = 20;

Result<ossl::Cert> SelfSigned(const OpenedWay& way) {
  EVP_PKEY* key = way.key.get();
  ossl::Cert cert(X509_new_ex(way.library(), nullptr));
  X509_set_version(cert.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(cert.get()), 24L * 3600);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("server"), -1, -1, 0);
  X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get()));
  X509_set_pubkey(cert.get(), key);
  if (X509_sign(cert.get(), key, EVP_sha256()) <= 0) {
    return ossl::TakeError(Code::kInternal, "X509_sign as " + way.name);
  }
  return cert;
}

}  // namespace

Result<TlsPair> TlsPair::Create(const OpenedWay& server, int version, OSSL_LIB_CTX* client) {
  RK_TRY(const ossl::Cert cert, SelfSigned(server));
  TlsPair pair(SslCtx(SSL_CTX_new_ex(client, nullptr, TLS_client_method())),
               SslCtx(SSL_CTX_new_ex(server.library(), nullptr, TLS_server_method())));
  for (SSL_CTX* side : {pair.client_.get(), pair.server_.get()}) {
    if (side == nullptr) return ossl::TakeError(Code::kInternal, "SSL_CTX_new_ex");
    SSL_CTX_set_min_proto_version(side, version);
    SSL_CTX_set_max_proto_version(side, version);
    SSL_CTX_set_session_cache_mode(side, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(side, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(side, 0);
  }
  if (SSL_CTX_use_certificate(pair.server_.get(), cert.get()) != 1 ||
      SSL_CTX_use_PrivateKey(pair.server_.get(), server.key.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "SSL_CTX_use_PrivateKey");
  }
  // The client's copy is of its own library context.
  unsigned char* der = nullptr;
  const int size = i2d_X509(cert.get(), &der);
  const unsigned char* at = der;
  X509* copy = X509_new_ex(client, nullptr);
  const ossl::Cert trusted(d2i_X509(&copy, &at, size));
  OPENSSL_free(der);
  if (trusted == nullptr || X509_STORE_add_cert(SSL_CTX_get_cert_store(pair.client_.get()), trusted.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "X509_STORE_add_cert");
  }
  SSL_CTX_set_verify(pair.client_.get(), SSL_VERIFY_PEER, nullptr);
  return pair;
}

Status TlsPair::Handshake() const {
  const Ssl client(SSL_new(client_.get()));
  const Ssl server(SSL_new(server_.get()));
  BIO* near = nullptr;
  BIO* far = nullptr;
  if (client == nullptr || server == nullptr || BIO_new_bio_pair(&near, kPairSize, &far, kPairSize) != 1) {
    return ossl::TakeError(Code::kInternal, "SSL_new");
  }
  SSL_set_bio(client.get(), near, near);
  SSL_set_bio(server.get(), far, far);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  for (int turn = 0; turn < kMostTurns; ++turn) {
    const int a = SSL_do_handshake(client.get());
    const bool client_waits = a == 1 || SSL_get_error(client.get(), a) == SSL_ERROR_WANT_READ;
    const int b = client_waits ? SSL_do_handshake(server.get()) : -1;
    if (a == 1 && b == 1) return Ok();
    if (!client_waits || (b != 1 && SSL_get_error(server.get(), b) != SSL_ERROR_WANT_READ)) break;
  }
  return ossl::TakeError(Code::kInternal, "SSL_do_handshake");
}

}  // namespace rootkeep::bench
