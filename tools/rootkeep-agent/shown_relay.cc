#include "tools/rootkeep-agent/shown_relay.h"

#include "keystore/base/guard.h"

namespace rootkeep::agent {

void ShownRelay::Answered(const relay::AnsweredCall& call) noexcept {
  RunGuarded("relay_exception", [&] {
    metrics_.CountRelayed(call.code, call.by);
    log::Info("relay_answered", {{"code", call.code},
                                 {"by", call.by},
                                 {"request_id", call.request_id},
                                 {"peer", call.peer},
                                 {"us", call.took.count()}});
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
