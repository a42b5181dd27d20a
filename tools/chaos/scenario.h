// A scenario: what goes wrong, and when.
#pragma once

#include <p11-kit/pkcs11.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "keystore/base/result.h"
#include "tools/chaos/functions.h"
#include "tools/chaos/slot_map.h"
#include "tools/chaos/trigger.h"

namespace rootkeep::chaos {

// What a rule does to a call.
struct Fail {
  CK_RV rv = CKR_OK;
};
struct Delay {
  enum class Shape : std::uint8_t { kFixed, kUniform, kExponential };
  Shape shape = Shape::kFixed;
  std::chrono::nanoseconds low{0};  // the fixed time, the least, or the mean
  std::chrono::nanoseconds high{0};
  unsigned workers = 0;  // calls in the device at a time; 0: any number
};
struct Hang {};
struct Crash {};
struct LoseSessions {};
struct WrongSignature {
  enum class Kind : std::uint8_t { kFlip, kShort, kLong, kOverrun, kSwap, kZeroR, kZeroS, kMax };
  Kind kind = Kind::kFlip;
};
inline constexpr auto kSignatureKinds = std::to_array<std::pair<std::string_view, WrongSignature::Kind>>({
    {"flip", WrongSignature::Kind::kFlip},
    {"short", WrongSignature::Kind::kShort},
    {"long", WrongSignature::Kind::kLong},
    {"overrun", WrongSignature::Kind::kOverrun},
    {"swap", WrongSignature::Kind::kSwap},
    {"zero-r", WrongSignature::Kind::kZeroR},
    {"zero-s", WrongSignature::Kind::kZeroS},
    {"max", WrongSignature::Kind::kMax},
});
struct OtherKey {
  std::string label;  // of the key to sign with; empty: any other
};
using Fault = std::variant<Fail, Delay, Hang, Crash, LoseSessions, WrongSignature, OtherKey>;

struct Rule {
  unsigned line = 0;
  std::optional<Function> function;  // none: all
  Fault fault;
  Trigger trigger;
  bool quiet = false;  // not logged
};

// States: they hold from when the scenario is read until another one is.
struct TokenAway {
  unsigned line = 0;
  std::optional<CK_SLOT_ID> slot;       // as the real module numbers it; none: all
  CK_RV sessions = CKR_DEVICE_REMOVED;  // what calls in sessions of that token answer
};
struct RefusePin {
  unsigned line = 0;
  std::optional<unsigned> attempts;  // after so many the PIN is locked
};
struct SessionLimit {
  unsigned line = 0;
  CK_ULONG count = 0;      // for each slot
  bool announced = false;  // C_GetTokenInfo says so
};
struct TokenMemory {
  unsigned line = 0;
  CK_ULONG free = 0;  // octets, for private and for public objects each
  CK_ULONG total = 0;
};
struct SwapKey {
  unsigned line = 0;
  CK_ATTRIBUTE_TYPE by = CKA_LABEL;  // or CKA_ID
  std::string from;
  std::string to;
  std::optional<CK_OBJECT_CLASS> object_class;  // none: the private and the public half
};

struct Scenario {
  std::uint64_t seed = 0;
  std::vector<Rule> rules;  // in the order of the file
  SlotMap slots;
  std::vector<TokenAway> away;
  std::optional<RefusePin> refuse_pin;
  std::optional<SessionLimit> session_limit;
  std::optional<TokenMemory> token_memory;
  std::vector<SwapKey> swaps;

  // The line that says that this slot's token is away, or null.
  [[nodiscard]] const TokenAway* AwayFrom(CK_SLOT_ID slot) const;

  // INVALID_ARGUMENT "line N: ..." for anything that is not exactly as tools/chaos/README.md says.
  static Result<Scenario> Parse(std::string_view text);
};

}  // namespace rootkeep::chaos
