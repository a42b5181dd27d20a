#include "keystore/pkcs11/pin_latch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

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

}  // namespace

bool PinRecord::latched() const { return refused || doubtful >= kDoubtfulLogins; }

Status PinLatch::Begin(const DeviceInfo& token) {
  RK_TRY(const std::string name, PinRecordName(token));
  const MutexLock lock(mutex_);
  RK_TRY(const auto known, Load(name));
  PinRecord record = known.value_or(PinRecord());
  if (record.latched()) {
    return FailedPrecondition(
               fmt::format("log in to token \"{}\": the PIN was refused before and is not sent again: {}", token.label,
                           record.detail))
        .WithReason(kReasonPinLatched)
        .WithHint(directory_.empty() ? "put the right PIN into the PIN source, then restart"
                                     : "rootkeep pin replace, or once the PIN source is right: rootkeep pin unlatch");
  }
  ++record.doubtful;
  record.detail = Detail(token, "no answer");
  return Store(name, record);
}

void PinLatch::Accepted(const DeviceInfo& token) { Settle(token, std::nullopt); }

void PinLatch::Refused(const DeviceInfo& token, std::string_view answer) {
  Settle(token, PinRecord{.refused = true, .detail = Detail(token, answer)});
}

bool PinLatch::Doubtful(const DeviceInfo& token, std::string_view answer) {
  const auto known = Find(token);
  PinRecord record = known.ok() ? known->value_or(PinRecord()) : PinRecord{.refused = true};
  record.detail = Detail(token, answer);
  Settle(token, record);
  return record.latched();
}

void PinLatch::NotJudged(const DeviceInfo& token) {
  const auto known = Find(token);
  if (!known.ok() || !*known) return;
  PinRecord record = **known;
  record.doubtful -= std::min(1U, record.doubtful);
  Settle(token, record.doubtful == 0 && !record.refused ? std::nullopt : std::optional(record));
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
