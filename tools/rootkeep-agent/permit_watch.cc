#include "tools/rootkeep-agent/permit_watch.h"

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "keystore/base/pause.h"

namespace rootkeep::agent {

Status PermitWatch::Read() {
  RK_RETURN_IF_ERROR(rows_.Refresh());
  if (rows_.version() == version_) return Ok();
  permits_.Set(rows_.entries());
  version_ = rows_.version();
  return Ok();
}

void PermitWatch::Report(const Status& read) {
  if (!read.ok() && readable_) log::Warning("key_permits_unread", {{"detail", read.error().ToString()}});
  if (read.ok() && !readable_) log::Info("key_permits_read");
  readable_ = read.ok();
}

Status PermitWatch::Start() {
  RK_RETURN_IF_ERROR(Read());
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      RunGuarded("permit_watch_exception", [this] { Report(Read()); });
      PauseUntil(After(kPeriod), stop);
    }
  });
  return Ok();
}

}  // namespace rootkeep::agent
