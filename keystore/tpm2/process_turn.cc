#include "keystore/tpm2/process_turn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/file.h>
#include <unistd.h>

#include <sstream>

#include "keystore/tpm2/flock.h"

namespace rootkeep::tpm2 {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMaxRecord = 256;

}  // namespace

Status ProcessTurn::OpenFiles() {
  if (!turn_.valid()) {
    RK_TRY(turn_, OpenLockFile(path_));
  }
  if (!next_.valid()) {
    RK_TRY(next_, OpenLockFile(path_ + ".next"));
  }
  return Ok();
}

Status ProcessTurn::Take(Deadline deadline) {
  if (held_) return Ok();
  RK_RETURN_IF_ERROR(OpenFiles());
  RK_RETURN_IF_ERROR(LockBy(next_, path_, deadline));
  const Status taken = LockBy(turn_, path_, deadline);
  flock(next_.get(), LOCK_UN);
  held_ = taken.ok();
  return taken;
}

bool ProcessTurn::Wanted() const {
  if (!held_) return false;
  if (flock(next_.get(), LOCK_SH | LOCK_NB) != 0) return true;
  flock(next_.get(), LOCK_UN);
  return false;
}

Loaded ProcessTurn::Left() const {
  const auto text = ReadFile(path_, kMaxRecord);
  if (!text.ok()) return {};
  std::istringstream in(*text);
  in >> std::hex;
  Loaded left;
  int version = 0;
  if (!(in >> version >> left.boot.reset_count >> left.boot.restart_count) || version != kVersion) return {};
  for (TPM2_HANDLE handle = 0; in >> handle;) left.handles.push_back(handle);
  return left;
}

void ProcessTurn::Note(const Loaded& loaded) {
  if (!held_) return;
  std::string text;
  if (!loaded.handles.empty()) {
    text = fmt::format("{:x} {:x} {:x} {:x}\n", kVersion, loaded.boot.reset_count, loaded.boot.restart_count,
                       fmt::join(loaded.handles, " "));
  }
  // What cannot be written is not cleared away after a crash; nothing else depends on it.
  if (pwrite(turn_.get(), text.data(), text.size(), 0) >= 0) {
    (void)!ftruncate(turn_.get(), static_cast<off_t>(text.size()));
  }
}

void ProcessTurn::Release() {
  if (!held_) return;
  Note({});
  held_ = false;
  flock(turn_.get(), LOCK_UN);
}

}  // namespace rootkeep::tpm2
