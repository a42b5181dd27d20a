#include "tests/bench/workload/caller.h"

#include <fmt/format.h>

namespace rootkeep::bench {

ServiceAccount CallerAccount(std::size_t index) {
  constexpr std::size_t kAccountsPerNamespace = 50;
  return {.name_space = fmt::format("team-{}", index / kAccountsPerNamespace),
          .name = fmt::format("service-{}", index % kAccountsPerNamespace)};
}

std::string SpiffeIdOf(const ServiceAccount& account, const std::string& trust_domain) {
  return fmt::format("spiffe://{}/ns/{}/sa/{}", trust_domain, account.name_space, account.name);
}

}  // namespace rootkeep::bench
