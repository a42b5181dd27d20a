#include "keystore/pkcs11/pin_latch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "keystore/pkcs11/pin_record_file.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr unsigned kDoubtfulLogins = 2;
constexpr std::size_t kMaxRecord = 4096;
constexpr unsigned kFileMode = 0644;  // no secret in it, and the daemon must read what an operator's root wrote

std::string Detail(const DeviceInfo& token, std::string_view answer) {
  return fmt::format("{}, token \"{}\", serial {}, {}", answer, token.label, token.serial,
                     ToRfc3339(std::chrono::system_clock::now()));
}

Error Kept(const DeviceInfo& token, std::string_view why, const PinRecord& record) {
  return FailedPrecondition(fmt::format("log in to token \"{}\": {}: {}", token.label, why, record.detail))
      .WithReason(kReasonPinLatched);
}

}  // namespace

bool PinRecord::latched() const { return refused || doubtful >= kDoubtfulLogins; }

Status PinLatch::Begin(const DeviceInfo& token) {
  RK_TRY(const std::string name, PinRecordName(token));
  const MutexLock lock(mutex_);
  const auto known = Load(name);
  const bool by_operator = sender_ == PinSender::kOperator;
  const bool unreadable = !known.ok() && known.error().reason() == kReasonPinLatched;
  if (!known.ok() && !(unreadable && by_operator)) return known.error();
  PinRecord record = unreadable ? PinRecord{.refused = true} : known->value_or(PinRecord());
  if (by_operator) {
    if (new_pin_ == NewPin::kRefused) return Kept(token, "the new PIN was sent once, and refused", record);
    if (new_pin_ == NewPin::kUnanswered) {
      return Kept(token, "the new PIN was sent once, and nobody knows the answer", record);
    }
    const bool reconnect = std::exchange(new_pin_, NewPin::kUnanswered) == NewPin::kAccepted;
    // The first login is still on record, or the record is as bad as it gets.
    if (reconnect || record.refused) return Ok();
  } else if (record.refused) {
    return Kept(token, "the PIN was refused before and is not sent again", record).WithHint(WayOut(true));
  } else if (record.latched()) {
    return Kept(
               token,
               fmt::format("{} logins in a row ended without the token's word on the PIN, which may be right or wrong; "
                           "it is not sent again, because a wrong one could lock the token; the last",
                           record.doubtful),
               record)
        .WithHint(WayOut(false));
  }
  ++record.doubtful;
  record.detail = Detail(token, "no answer");
  return Store(name, record);
}

std::string PinLatch::WayOut(bool refused) const {
  if (directory_.empty()) {
    return refused ? "put the right PIN into the PIN source, then restart"
                   : "see that the PIN in the PIN source is right, then restart";
  }
  return refused ? "rootkeep pin replace, or once the PIN source is right: rootkeep pin unlatch"
                 : "see that the PIN in the PIN source is right, then: rootkeep pin unlatch; if it is wrong: rootkeep "
                   "pin replace";
}

void PinLatch::Accepted(const DeviceInfo& token) {
  if (sender_ == PinSender::kProgram) {
    Settle(token, std::nullopt);
  } else {
    Learn(NewPin::kAccepted);
  }
}

void PinLatch::Refused(const DeviceInfo& token, std::string_view answer) {
  {
    const MutexLock lock(mutex_);
    // Otherwise it is said of a login before.
    if (new_pin_ == NewPin::kUnanswered) new_pin_ = NewPin::kRefused;
  }
  const std::string whose = sender_ == PinSender::kOperator ? " to a new PIN" : "";
  Settle(token, PinRecord{.refused = true, .detail = Detail(token, std::string(answer) + whose)});
}

bool PinLatch::Doubtful(const DeviceInfo& token, std::string_view answer) {
  const auto known = Find(token);
  PinRecord record = known.ok() ? known->value_or(PinRecord()) : PinRecord{.refused = true};
  record.detail = Detail(token, answer);
  Settle(token, record);
  return record.latched();
}

void PinLatch::NotJudged(const DeviceInfo& token) {
  Learn(NewPin::kUnsent);
  const auto known = Find(token);
  if (!known.ok() || !*known) return;
  PinRecord record = **known;
  record.doubtful -= std::min(1U, record.doubtful);
  Settle(token, record.doubtful == 0 && !record.refused ? std::nullopt : std::optional(record));
}

void PinLatch::Learn(NewPin now) {
  const MutexLock lock(mutex_);
  new_pin_ = now;
}

Result<std::optional<PinRecord>> PinLatch::Find(const DeviceInfo& token) const {
  RK_TRY(const std::string name, PinRecordName(token));
  const MutexLock lock(mutex_);
  return Load(name);
}

Status PinLatch::Forget(const DeviceInfo& token) {
  RK_TRY(const std::string name, PinRecordName(token));
  const MutexLock lock(mutex_);
  return Erase(name);
}

// Begin has left a record on the safe side; when this one cannot be written, that one stays.
void PinLatch::Settle(const DeviceInfo& token, const std::optional<PinRecord>& record) {
  const auto name = PinRecordName(token);
  Status status = name.ok() ? Ok() : Status(name.error());
  if (name.ok()) {
    const MutexLock lock(mutex_);
    status = record ? Store(*name, *record) : Erase(*name);
  }
  if (!status.ok()) log::Failure("pkcs11.pin_record", {{"token", token.label}, {"error", status.error().ToString()}});
}

Result<std::optional<PinRecord>> PinLatch::Load(const std::string& name) const {
  if (directory_.empty()) {
    const auto found = records_.find(name);
    return found == records_.end() ? std::optional<PinRecord>() : found->second;
  }
  const auto text = ReadFile(PathOf(name), kMaxRecord);
  if (!text.ok()) {
    if (text.error().code() == Code::kNotFound) return std::optional<PinRecord>();
    return text.error();
  }
  auto record = ParsePinRecord(*text);
  if (!record.ok()) {
    return std::move(record)
        .error()
        .Within(PathOf(name))
        .WithReason(kReasonPinLatched)
        .WithHint("rootkeep pin unlatch");
  }
  return std::optional(std::move(*record));
}

Status PinLatch::Store(const std::string& name, const PinRecord& record) {
  if (directory_.empty()) {
    records_[name] = record;
    return Ok();
  }
  RK_RETURN_IF_ERROR(MakePinDirectory(directory_));
  return WriteFileAtomically(PathOf(name), FormatPinRecord(record), kFileMode);
}

Status PinLatch::Erase(const std::string& name) {
  if (directory_.empty()) {
    records_.erase(name);
    return Ok();
  }
  if (unlink(PathOf(name).c_str()) != 0 && errno != ENOENT) return ErrnoError("remove " + PathOf(name), errno);
  return Ok();
}

}  // namespace rootkeep::pkcs11
