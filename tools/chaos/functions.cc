#include "tools/chaos/functions.h"

#include <array>

namespace rootkeep::chaos {
namespace {

#define RK_CHAOS_NAME(name, arguments) #name,
constexpr auto kNames = std::to_array<std::string_view>({RK_CHAOS_FUNCTIONS(RK_CHAOS_NAME)});
#undef RK_CHAOS_NAME

}  // namespace

std::string_view NameOf(Function function) { return kNames[static_cast<std::size_t>(function)]; }

std::optional<Function> FunctionNamed(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<Function>(i);
  }
  return std::nullopt;
}

}  // namespace rootkeep::chaos
