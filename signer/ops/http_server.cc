#include "signer/ops/http_server.h"

#include <civetweb.h>
#include <fmt/format.h>

#include <array>
#include <string_view>

namespace rootkeep {
namespace {

struct Reply {
  int status;
  std::string body;
  std::string_view type = "text/plain; charset=utf-8";
};

std::string_view StatusText(int status) {
  switch (status) {
    case 200: return "OK";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    default: return "Service Unavailable";
  }
}

Reply Ready(const Readiness& readiness) {
  std::string body;
  for (const auto& component : readiness.All()) {
    if (component.warning) {
      body += fmt::format("[!] {}: {}\n", component.name, component.reason);
      continue;
    }
    body += component.ready ? fmt::format("[+] {} ok\n", component.name)
                            : fmt::format("[-] {} not ready: {}\n", component.name, component.reason);
  }
  return readiness.ready() ? Reply{200, body + "ready\n"} : Reply{503, body + "not ready\n"};
}

}  // namespace

struct HttpServer::Impl {
  explicit Impl(Parts p) : parts(std::move(p)) {}
  ~Impl() {
    if (context != nullptr) mg_stop(context);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Reply Answer(std::string_view method, std::string_view path) const {
    if (method != "GET" && method != "HEAD") return {405, "only GET and HEAD\n"};
    if (path == "/metrics") return {200, parts.scrape(), "text/plain; version=0.0.4"};
    if (path == "/livez") return {200, "ok\n"};
    if (path == "/readyz") return Ready(parts.readiness);
    return {404, "there are /metrics, /livez and /readyz\n"};
  }

  static int OnRequest(mg_connection* connection) try {
    const mg_request_info* request = mg_get_request_info(connection);
    const auto* self = static_cast<const Impl*>(request->user_data);
    const std::string_view method = request->request_method;
    const Reply reply = self->Answer(method, request->local_uri == nullptr ? "" : request->local_uri);
    const std::string head = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        reply.status, StatusText(reply.status), reply.type, reply.body.size());
    mg_write(connection, head.data(), head.size());
    if (method != "HEAD") mg_write(connection, reply.body.data(), reply.body.size());
    return reply.status;
  } catch (...) {
    return 503;
  }

  const Parts parts;
  mg_context* context = nullptr;
  int port = 0;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() = default;
int HttpServer::port() const { return impl_->port; }

Result<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& address, Parts parts) {
  mg_init_library(0);
  auto impl = std::make_unique<Impl>(std::move(parts));
  mg_callbacks callbacks{};
  callbacks.begin_request = &Impl::OnRequest;
  // Few threads and short time-outs: slow or stuck scrapers hurt nobody but themselves.
  std::array<const char*, 13> options{"listening_ports",
                                      address.c_str(),
                                      "num_threads",
                                      "2",
                                      "request_timeout_ms",
                                      "5000",
                                      "enable_keep_alive",
                                      "no",
                                      "max_request_size",
                                      "8192",
                                      "enable_directory_listing",
                                      "no",
                                      nullptr};
  impl->context = mg_start(&callbacks, impl.get(), options.data());
  if (impl->context == nullptr) {
    return Unavailable(fmt::format("mg_start: could not listen on {}", address))
        .WithHint("is another process using the address? ss -ltnp shows it");
  }
  mg_server_port bound{};
  if (mg_get_server_ports(impl->context, 1, &bound) != 1) return Internal("mg_get_server_ports failed");
  impl->port = bound.port;
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

}  // namespace rootkeep
