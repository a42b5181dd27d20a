// Which tokens have refused their PIN, so that it is not sent to them again until an operator acts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "keystore/key_info.h"

namespace rootkeep::pkcs11 {

// What is on record about the PIN of one token.
struct PinRecord {
  bool refused = false;  // the token said so
  // Logins in a row of which nobody knows whether the token judged the PIN: it answered in doubtful words, or the
  // process ended before it answered.
  unsigned doubtful = 0;
  std::string detail;  // for people: what the token answered, and when

  // No PIN is sent any more.
  [[nodiscard]] bool latched() const;
};

// Whose PIN is sent.
enum class PinSender : std::uint8_t {
  kProgram,   // the one at the PIN source, which is what the record is about
  kOperator,  // a new one, by whoever looks after the token: sent once, whatever is on record against the old one
};

// Kept in memory or, when it is given a directory, only there: it then outlives the process, and what an operator
// removes counts at once. A login is on record before the token is asked. Thread-safe.
class PinLatch {
 public:
  // `directory` is made at need inside an existing one (keystore/NAMES.md); empty: memory.
  explicit PinLatch(std::string directory = {}, PinSender sender = PinSender::kProgram)
      : directory_(std::move(directory)), sender_(sender) {}

  // Call before a login. FAILED_PRECONDITION "pin_latched" when the PIN must not be sent; the errno's code when the
  // attempt cannot be put on record, and then it must not be sent either. An operator's PIN is sent although another
  // was refused, but not a second time, unless the token took it.
  Status Begin(const DeviceInfo& token);
  // After it, one of these. The token took the PIN. An operator's is not yet where programs read theirs: then what is
  // on record stays until Forget.
  void Accepted(const DeviceInfo& token);
  // It refused the PIN, whosever it was, because the tries are the token's; `answer` is its word for it:
  void Refused(const DeviceInfo& token, std::string_view answer);
  // Nobody knows. True when that has latched the PIN.
  bool Doubtful(const DeviceInfo& token, std::string_view answer);
  // The PIN was certainly not looked at:
  void NotJudged(const DeviceInfo& token);

  // FAILED_PRECONDITION when the record cannot be understood.
  [[nodiscard]] Result<std::optional<PinRecord>> Find(const DeviceInfo& token) const;
  // What an operator can do about a PIN that is not sent any more because it was `refused`, or is in doubt.
  [[nodiscard]] std::string WayOut(bool refused) const;
  // An operator has acted: the PIN may be sent once more.
  Status Forget(const DeviceInfo& token);

 private:
  [[nodiscard]] std::string PathOf(const std::string& name) const { return directory_ + "/" + name; }
  [[nodiscard]] Result<std::optional<PinRecord>> Load(const std::string& name) const RK_REQUIRES(mutex_);
  Status Store(const std::string& name, const PinRecord& record) RK_REQUIRES(mutex_);
  Status Erase(const std::string& name) RK_REQUIRES(mutex_);
  void Settle(const DeviceInfo& token, const std::optional<PinRecord>& record);

  // What has become of an operator's PIN.
  enum class NewPin : std::uint8_t { kUnsent, kUnanswered, kAccepted, kRefused };
  void Learn(NewPin now);

  const std::string directory_;
  const PinSender sender_;
  mutable Mutex mutex_;
  NewPin new_pin_ RK_GUARDED_BY(mutex_) = NewPin::kUnsent;
  std::map<std::string, PinRecord> records_ RK_GUARDED_BY(mutex_);  // without a directory
};

}  // namespace rootkeep::pkcs11
