#include "keystore/keysocket/server/audit.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "keystore/base/file.h"
#include "keystore/base/log.h"

namespace rootkeep::keysocket {
namespace {

// The caller chose it: what is shown of it is short and moves no cursor.
std::string Printable(std::string_view text) {
  std::string out(text.substr(0, 256));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

}  // namespace

std::string ProgramOf(pid_t pid) {
  std::array<char, 512> path{};
  const ssize_t size = readlink(fmt::format("/proc/{}/exe", pid).c_str(), path.data(), path.size());
  if (size > 0) return Printable({path.data(), static_cast<std::size_t>(size)});
  // Of another user's process only root may read the path; what it calls itself everybody may.
  auto name = ReadFile(fmt::format("/proc/{}/comm", pid), 64);
  if (!name.ok()) return {};
  name->erase(name->find_last_not_of('\n') + 1);
  return "(" + Printable(*name) + ")";
}

void Audit::Denied(const SocketOptions& socket, const Caller& caller, std::string_view what, std::string_view key,
                   std::string_view why) {
  if (observer_ != nullptr) observer_->Denied(socket.name, what);
  std::uint64_t left_out = 0;
  {
    const MutexLock lock(mutex_);
    ++denied_;
    const Deadline now = std::chrono::steady_clock::now();
    room_ = std::min(kBurst, room_ + kPerSecond * std::chrono::duration<double>(now - refilled_).count());
    refilled_ = now;
    if (room_ < 1) {
      ++left_out_;
      return;
    }
    room_ -= 1;
    left_out = std::exchange(left_out_, 0);
  }
  log::Warning("keysocket.denied", {{"socket", socket.name},
                                    {"what", what},
                                    {"key", Printable(key)},
                                    {"why", why},
                                    {"uid", caller.uid},
                                    {"gid", caller.gid},
                                    {"pid", caller.pid},
                                    {"program", ProgramOf(caller.pid)},
                                    {"left_out", left_out}});
}

void Audit::Created(const SocketOptions& socket, const Caller& caller, std::string_view label) {
  log::Info("keysocket.key_made", {{"socket", socket.name},
                                   {"label", label},
                                   {"uid", caller.uid},
                                   {"gid", caller.gid},
                                   {"pid", caller.pid},
                                   {"program", ProgramOf(caller.pid)}});
}

std::uint64_t Audit::denied() const {
  const MutexLock lock(mutex_);
  return denied_;
}

}  // namespace rootkeep::keysocket
