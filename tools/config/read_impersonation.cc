#include "tools/config/read_patterns.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

ImpersonationRule ReadRule(const v1::ImpersonationRule& file, const Section& section, const Config& config) {
  ImpersonationRule out;
  out.name = Name(section, "name", file.name());
  if (out.name == "self") section.Complain("name", "\"self\" is what records call a caller's own certificate");
  out.callers = ReadPatterns(section, "callers", file.callers(), config);
  out.targets = ReadPatterns(section, "targets", file.targets(), config);
  out.placement = file.placement();
  if (out.placement.empty() != file.unsafe_without_placement()) {
    section.Complain("placement", "is required, or unsafe_without_placement: true is; not both");
  } else if (!out.placement.empty()) {
    (void)Reference(section, "placement", out.placement, NamesOf(config.placements), "placement");
  }
  return out;
}

Placement ReadPlacement(const v1::Placement& file, const Section& section) {
  return {Name(section, "name", file.name()), RequiredPath(section, "file", file.file())};
}

}  // namespace

void ReadImpersonation(const v1::Config& file, const Section& section, Config& config) {
  config.placements = ReadList(section, "placements", file.placements(), ReadPlacement);
  CheckUnique(section, "placements", "name", NamesOf(config.placements));
  config.impersonation =
      ReadList(section, "impersonation", file.impersonation(),
               [&](const v1::ImpersonationRule& item, const Section& place) { return ReadRule(item, place, config); });
  CheckUnique(section, "impersonation", "name", NamesOf(config.impersonation));
}

}  // namespace rootkeep::config
