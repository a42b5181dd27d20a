#include "tests/support/https_server.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <cstdlib>

namespace rootkeep::testing {
namespace {

using Ssl = ossl::Owned<SSL, SSL_free>;

void Require(bool ok) {
  if (!ok) std::abort();
}

// Up to the empty line that ends the headers; empty when the peer went away.
std::string ReadHead(SSL* ssl) {
  std::string head;
  std::array<char, 4096> chunk{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const int count = SSL_read(ssl, chunk.data(), static_cast<int>(chunk.size()));
    if (count <= 0 || head.size() > (1U << 20)) return "";
    head.append(chunk.data(), static_cast<std::size_t>(count));
  }
  return head;
}

HttpsRequest ParseHead(const std::string& head) {
  HttpsRequest request;
  const auto path_at = head.find(' ') + 1;
  request.path = head.substr(path_at, head.find(' ', path_at) - path_at);
  constexpr std::string_view kName = "authorization: ";
  for (auto at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
    const std::string line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (strncasecmp(line.c_str(), kName.data(), kName.size()) == 0) request.authorization = line.substr(kName.size());
  }
  return request;
}

}  // namespace

HttpsServer::HttpsServer(const Identity& identity, Handler handler)
    : handler_(std::move(handler)),
      tls_(SSL_CTX_new(TLS_server_method())),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  Require(SSL_CTX_use_certificate(tls_.get(), identity.cert.get()) == 1);
  Require(SSL_CTX_use_PrivateKey(tls_.get(), identity.key.get()) == 1);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  Require(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  Require(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

HttpsServer::~HttpsServer() {
  Require(eventfd_write(wake_.get(), 1) == 0);
  if (thread_.joinable()) thread_.join();
}

void HttpsServer::Listen() {
  Require(listen(listener_.get(), 16) == 0);
  thread_ = std::thread([this] { Run(); });
}

std::string HttpsServer::Url(const std::string& path) const {
  return fmt::format("https://localhost:{}{}", port_, path);
}

void HttpsServer::Run() {
  // A client may go away before it has its answer.
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
  std::array<pollfd, 2> ready{pollfd{listener_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
  while (poll(ready.data(), ready.size(), -1) > 0 && ready[1].revents == 0) {
    const Fd socket(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (socket.valid()) Serve(socket.get());
  }
}

void HttpsServer::Serve(int socket) {
  const timeval patience{10, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const Ssl ssl(SSL_new(tls_.get()));
  SSL_set_fd(ssl.get(), socket);
  if (SSL_accept(ssl.get()) == 1) {
    const std::string head = ReadHead(ssl.get());
    if (!head.empty()) {
      const HttpsResponse response = handler_(ParseHead(head));
      const std::string text = fmt::format("HTTP/1.1 {} x\r\nContent-Length: {}\r\nConnection: close\r\n{}\r\n{}",
                                           response.status, response.body.size(), response.headers, response.body);
      ++requests_;
      SSL_write(ssl.get(), text.data(), static_cast<int>(text.size()));
      SSL_shutdown(ssl.get());
    }
  }
  ossl::ClearErrors();
}

}  // namespace rootkeep::testing
