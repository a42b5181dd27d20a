#include "tools/rootkeepd/api_door.h"

#include <utility>

#include "keystore/base/log.h"

namespace rootkeep {
namespace {

// Clients are few, and what they do here waits for the database or the token.
constexpr unsigned kThreads = 2;
constexpr std::size_t kMostWaiting = 256;

}  // namespace

Result<std::unique_ptr<ApiDoor>> ApiDoor::Open(const config::Config& config, const Parts& parts) {
  RK_TRY(auto sockets, CallerSockets::Open(config.api_callers));
  return std::unique_ptr<ApiDoor>(new ApiDoor(std::move(sockets), config, parts));
}

ApiDoor::ApiDoor(std::unique_ptr<CallerSockets> sockets, const config::Config& config, const Parts& parts)
    : sockets_(std::move(sockets)),
      roots_(
          parts.bundles,
          [&served = parts.served](std::string_view trust_domain, const BundleRoot& root) {
            return served.IssuersUnder(trust_domain, root);
          },
          parts.clock),
      jwt_keys_(parts.bundles, parts.clock),
      workers_(kThreads, kMostWaiting),
      administration_worker_(1, kMostWaiting),
      callers_(parts.authenticator, parts.policy, parts.authorities),
      service_({.api = {.callers = callers_, .workers = workers_, .metrics = parts.metrics},
                .issuer = parts.issuer,
                .authorities = parts.authorities,
                .bundles = parts.bundles,
                .clock = parts.clock,
                .max_duration = config.limits.request_deadline}),
      administration_({.api = {.callers = callers_, .workers = administration_worker_, .metrics = parts.metrics},
                       .bundles = parts.bundles,
                       .roots = roots_,
                       .jwt_keys = jwt_keys_}) {}

Status ApiDoor::Serve(Server& server) {
  RK_RETURN_IF_ERROR(sockets_->Serve(server));
  for (const std::string& path : sockets_->paths()) {
    log::Info("listening", {{"listener", "caller"}, {"address", "unix:" + path}});
  }
  return Ok();
}

void ApiDoor::Close() {
  sockets_->Stop();
  service_.streams().Stop();
}

}  // namespace rootkeep
