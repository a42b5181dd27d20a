// What happens on the sockets, told to whoever counts it.
#pragma once

#include <string>
#include <string_view>

#include "keystore/signer.h"

namespace rootkeep::keysocket {

enum class CallKind : std::uint8_t { kList, kDescribe, kSign, kCreate, kProbe };

// Told on the server's threads, between a request and its reply, of many at once: it must not block, and nothing that
// it does may fail.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  // `outcome` is "ok", or the failure's reason, or its code where it has none: a literal.
  virtual void Answered(CallKind call, std::string_view outcome) noexcept = 0;
  // A signature was made with a key of this token, which took as long: to wait for a thread and for the token, and in
  // it. Before Answered.
  virtual void Signed(const std::string& token, const SignTimes& times) noexcept = 0;
  // As Audit::Denied, of each denial.
  virtual void Denied(const std::string& socket, std::string_view what) noexcept = 0;
};

}  // namespace rootkeep::keysocket
