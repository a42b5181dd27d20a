// The provider's errors, in OpenSSL's queue.
#include <openssl/core_dispatch.h>

#include <algorithm>

#include "providers/openssl/context.h"
#include "providers/openssl/dispatch.h"

namespace rootkeep::provider {
namespace {

constexpr OSSL_ITEM Words(Reason reason, const char* words) noexcept {
  return {static_cast<unsigned>(reason), const_cast<char*>(words)};
}

// clang-format off
constexpr OSSL_ITEM kReasons[] = {
    Words(Reason::kNoSocket, "no key socket"),
    Words(Reason::kReference, "not a key reference"),
    Words(Reason::kAgent, "the agent did not do it"),
    Words(Reason::kOtherKey, "the agent has another key under this name"),
    Words(Reason::kScheme, "the key does not sign in this way"),
    Words(Reason::kInput, "input of the wrong length"),
    Words(Reason::kParameter, "parameter not accepted"),
    Words(Reason::kMemory, "out of memory"),
    Words(Reason::kLibcrypto, "libcrypto failed"),
    Words(Reason::kSetting, "a setting cannot be understood"),
    {0, nullptr}};
// clang-format on

// The octets of a URI before anything that could be a PIN or say where one is: other programs' references have such.
std::string_view WithoutPin(std::string_view uri) noexcept {
  constexpr std::string_view kPin = "pin-";
  std::size_t end = std::min(uri.find('?'), uri.size());
  for (std::size_t i = 0; i + kPin.size() <= end; ++i) {
    // Not substr: its check could throw, and with that come the C++ library's exceptions.
    if (EqualsIgnoringCase({uri.data() + i, kPin.size()}, kPin)) end = i;
  }
  uri.remove_suffix(uri.size() - end);
  return uri;
}

}  // namespace

const OSSL_ITEM* ReasonStrings(void* /*context*/) noexcept { return kReasons; }

void Context::Raise(Reason reason, const char* format, ...) const noexcept {
  if (new_error_ == nullptr || vset_error_ == nullptr) return;
  new_error_(core_);
  if (set_error_debug_ != nullptr) set_error_debug_(core_, "rootkeep", 0, "");
  va_list arguments;
  va_start(arguments, format);
  vset_error_(core_, static_cast<std::uint32_t>(reason), format, arguments);
  va_end(arguments);
}

void Context::Raise(const keysocket::Failure& failure, std::string_view key) const noexcept {
  keysocket::ShortText<1400> text;
  text.Append(failure.message.view());  // names the socket
  if (!failure.native_name.empty()) {
    text.Append(" (");
    text.Append(failure.native_name.view());
    text.Append(")");
  }
  if (!key.empty()) {
    text.Append("; key ");
    text.Append(WithoutPin(key).substr(0, 400));
  }
  if (!failure.reason.empty()) {
    text.Append("; reason ");
    text.Append(failure.reason.view());
  }
  if (!failure.hint.empty()) {
    text.Append("; hint: ");
    text.Append(failure.hint.view());
  }
  Raise(Reason::kAgent, "%.*s", static_cast<int>(text.view().size()), text.view().data());
}

}  // namespace rootkeep::provider
