// Where it is told what a relay does.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace rootkeep::relay {

// A call that was answered.
struct AnsweredCall {
  std::string_view code;   // gRPC's spelling, "OK" or for example "UNAVAILABLE"; a literal
  std::string_view by;     // "ca", or "relay" when the CA has not seen it or said nothing; a literal
  std::string peer;        // as gRPC prints it
  std::string request_id;  // the CA's; empty when it gave none
  std::chrono::microseconds took{0};
};

// A connection that was closed before anything was answered.
struct RefusedConnection {
  std::string_view why;  // a reason of ConnectionRules::Admit; a literal
  std::string peer;      // the address
};

// Told by gRPC's threads and the one that accepts; all return soon.
class Observer {
 public:
  Observer() = default;
  Observer(const Observer&) = delete;
  Observer& operator=(const Observer&) = delete;
  virtual ~Observer() = default;

  virtual void Answered(const AnsweredCall& call) noexcept = 0;
  virtual void Refused(const RefusedConnection& connection) noexcept = 0;
  // Whether there is a connection to the CA, when that has changed.
  virtual void CaReached(bool reached) noexcept = 0;
};

}  // namespace rootkeep::relay
