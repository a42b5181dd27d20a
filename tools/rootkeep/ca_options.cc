#include "tools/rootkeep/ca_options.h"

#include <fmt/format.h>

#include "signer/spiffe_id.h"
#include "signer/store/state_dir.h"
#include "tools/config/load.h"
#include "tools/rootkeep/key_names.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

// So that the common name of every generation fits its 64 characters, and the root key's name its own.
constexpr std::size_t kMaxName = 32;

std::chrono::seconds Days(std::uint32_t days) { return std::chrono::hours(24) * days; }

}  // namespace

void DeclareCaName(Options& options, CaOptions& into) {
  options.Required("--name", into.name, "The authority's name, as in rootkeepd's configuration")
      .Number("--generation", into.generation, 1, 1'000'000, "Which key of that authority this is");
}

void DeclareCaKey(Options& options, CaOptions& into) {
  options.Required("--trust-domain", into.trust_domain, "Whose certificates it issues, for example cluster.local")
      .Choice("--type", into.type, KeyTypeNames(), "What kind of key")
      .Choice("--custody", into.custody, CustodyLevelNames(), "What the token must promise about it")
      .Flag("--existing", into.existing, "Go on with keys that are in the token already, after an interruption");
}

void DeclarePathLength(Options& options, CaOptions& into) {
  options.Number("--path-length", into.path_length, 0, 8,
                 "How many CAs there may be below this one; SPIRE's, and the like, need 1");
}

void DeclareCaState(Options& options, CaOptions& into) {
  options.Text("--state", into.state, "rootkeepd's state directory; with --config the one named there");
}

Result<CaPlan> PlanOf(const CaOptions& options) {
  if (options.name.size() > kMaxName) {
    return InvalidArgument(
        fmt::format("--name has {} characters, at most {} are possible", options.name.size(), kMaxName));
  }
  if (!IsTrustDomain(options.trust_domain)) {
    return InvalidArgument(fmt::format("--trust-domain \"{}\" is not a trust domain", options.trust_domain))
        .WithHint("a-z, 0-9, dots, dashes and underscores, for example cluster.local");
  }
  CaPlan plan{.name = options.name,
              .generation = options.generation,
              .trust_domain = options.trust_domain,
              .type = *KeyTypeFromName(options.type),
              .custody = *CustodyLevelFromName(options.custody),
              .use_existing_keys = options.existing,
              .ttl = Days(options.ttl_days),
              .root_ttl = Days(options.root_ttl_days),
              .path_length = options.path_length};
  RK_RETURN_IF_ERROR(KeyLabel({.name = plan.name, .generation = plan.generation}));
  return plan;
}

Result<std::string> StateOf(const CaOptions& options) {
  std::string state = options.state;
  if (state.empty()) {
    if (options.token.config.empty()) return UsageError("where to? give --state, or --config");
    RK_TRY(const config::Config config, config::LoadConfig(options.token.config));
    state = config.state_directory;
  }
  RK_TRY(const store::StateDir directory, store::StateDir::Prepare(state));
  return directory.path();
}

}  // namespace rootkeep::cli
