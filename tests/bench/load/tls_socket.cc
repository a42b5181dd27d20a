#include "tests/bench/load/tls_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace rootkeep::bench {
namespace {

Bytes DerOf(const X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  Bytes bytes(der, der + size);
  OPENSSL_free(der);
  return bytes;
}

Result<Fd> Connect(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoError("socket", errno);
  const int on = 1;
  if (::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) return ErrnoError("setsockopt", errno);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof(address)) != 0 && errno != EINPROGRESS) return ErrnoError("connect", errno);
  return fd;
}

}  // namespace

Result<std::unique_ptr<TlsClient>> TlsClient::Create(const std::string& roots, const std::string& server_name) {
  std::unique_ptr<TlsClient> client(new TlsClient(server_name));
  client->ctx_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* ctx = client->ctx_.get();
  if (ctx == nullptr) return ossl::TakeError(Code::kInternal, "SSL_CTX_new");
  // As ztunnel: TLS 1.3 and AES-GCM only, never a session resumed.
  constexpr std::string_view kAlpn = "\x02h2";
  const bool configured = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
                          SSL_CTX_set_ciphersuites(ctx, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256") == 1 &&
                          SSL_CTX_set_alpn_protos(ctx, AsBytes(kAlpn).data(), kAlpn.size()) == 0 &&
                          SSL_CTX_load_verify_file(ctx, roots.c_str()) == 1;
  if (!configured) return ossl::TakeError(Code::kInternal, "configure TLS with the roots in " + roots);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(ctx, 1);  // one read for header and body of a record
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(ctx, &TlsClient::VerifyServer, client.get());
  return client;
}

// The chain and name are verified in full the first time; the same leaf again needs no second look, and the handshake
// still proves its key. That keeps a connection for every request from measuring the generator.
int TlsClient::VerifyServer(X509_STORE_CTX* store, void* self) {
  auto* client = static_cast<TlsClient*>(self);
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  Bytes der = leaf == nullptr ? Bytes{} : DerOf(leaf);
  if (!der.empty() && der == client->verified_leaf_) {
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  if (X509_verify_cert(store) != 1) return 0;
  client->verified_leaf_ = std::move(der);
  return 1;
}

Result<SslPtr> TlsClient::NewSession(int fd, const ClientIdentity* identity) {
  SslPtr ssl(SSL_new(ctx_.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1 || SSL_set1_host(ssl.get(), server_name_.c_str()) != 1 ||
      SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, server_name_.data()) != 1) {
    return ossl::TakeError(Code::kInternal, "SSL_new");
  }
  if (identity != nullptr) {
    bool used = SSL_use_certificate(ssl.get(), identity->chain.front().get()) == 1 &&
                SSL_use_PrivateKey(ssl.get(), identity->key.get()) == 1;
    for (std::size_t i = 1; used && i < identity->chain.size(); ++i) {
      used = SSL_add1_chain_cert(ssl.get(), identity->chain[i].get()) == 1;
    }
    if (!used) return ossl::TakeError(Code::kInternal, "SSL_use_certificate");
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

Result<std::unique_ptr<TlsSocket>> TlsSocket::Open(TlsClient& tls, std::uint16_t port, const ClientIdentity* identity) {
  RK_TRY(Fd fd, Connect(port));
  RK_TRY(SslPtr ssl, tls.NewSession(fd.get(), identity));
  return std::unique_ptr<TlsSocket>(new TlsSocket(std::move(fd), std::move(ssl)));
}

TlsSocket::~TlsSocket() {
  if (!established_) return;
  ossl::ClearErrors();
  SSL_shutdown(ssl_.get());
  ossl::ClearErrors();
}

Result<std::size_t> TlsSocket::Explain(int returned, std::string_view call) {
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_WANT_READ: wants_write_ = false; return 0;
    case SSL_ERROR_WANT_WRITE: wants_write_ = true; return 0;
    case SSL_ERROR_ZERO_RETURN: return Unavailable("the server closed the connection");
    case SSL_ERROR_SYSCALL: return ErrnoError(call, errno).WithCode(Code::kUnavailable);
    default: return ossl::TakeError(Code::kUnavailable, call);
  }
}

Status TlsSocket::Advance() {
  ossl::ClearErrors();
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned != 1) {
    RK_TRY([[maybe_unused]] const std::size_t blocked, Explain(returned, "TLS handshake"));
    return Ok();
  }
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (AsText({protocol, size}) != "h2") return Unavailable("the server did not choose HTTP/2");
  established_ = true;
  wants_write_ = false;
  return Ok();
}

Result<std::size_t> TlsSocket::Read(std::span<std::uint8_t> bytes) {
  std::size_t read = 0;
  const int returned = SSL_read_ex(ssl_.get(), bytes.data(), bytes.size(), &read);
  if (returned != 1) return Explain(returned, "SSL_read");
  return read;
}

Result<std::size_t> TlsSocket::Write(ByteView bytes) {
  std::size_t written = 0;
  const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  if (returned != 1) return Explain(returned, "SSL_write");
  wants_write_ = false;
  return written;
}

}  // namespace rootkeep::bench
