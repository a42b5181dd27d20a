#include "tools/rootkeep-agent/shown_relay.h"

#include <chrono>
#include <cstdint>
#include <optional>

#include "keystore/base/guard.h"

namespace rootkeep::agent {

void ShownRelay::Answered(const relay::AnsweredCall& call) noexcept {
  RunGuarded("relay_exception", [&] {
    metrics_.CountRelayed(call.code, call.by);
    std::optional<std::uint64_t> left_out{0};
    if (call.code != "OK") left_out = unanswered_.Admit(std::chrono::steady_clock::now());
    if (!left_out) return;
    log::Info("relay_answered", {{"code", call.code},
                                 {"by", call.by},
                                 {"request_id", call.request_id},
                                 {"peer", call.peer},
                                 {"us", call.took.count()},
                                 {"left_out", *left_out}});
  });
}

void ShownRelay::Refused(const relay::RefusedConnection& connection) noexcept {
  RunGuarded("relay_exception", [&] {
    metrics_.CountRelayRefused(connection.why);
    const auto left_out = refused_.Admit(std::chrono::steady_clock::now());
    if (!left_out) return;
    log::Warning("relay_connection_refused",
                 {{"why", connection.why}, {"peer", connection.peer}, {"left_out", *left_out}});
  });
}

void ShownRelay::CaReached(bool reached) noexcept {
  RunGuarded("relay_exception", [&] {
    metrics_.SetRelayCaUp(reached);
    readiness_.Report("relay's CA", reached ? "" : "there is no connection to it");
    if (reached) {
      log::Info("relay_ca_reached");
    } else {
      log::Warning("relay_ca_away", {{"effect", "the relay answers UNAVAILABLE"}});
    }
  });
}

}  // namespace rootkeep::agent
