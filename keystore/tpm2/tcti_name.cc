#include "keystore/tpm2/tcti_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep::tpm2 {

Result<TctiName> ParseTcti(std::string_view text) {
  constexpr std::array<std::string_view, 4> kKnown{"device", "tabrmd", "swtpm", "mssim"};
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view conf = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (std::ranges::find(kKnown, name) == kKnown.end() || conf.empty()) {
    return InvalidArgument(fmt::format("a TPM is named by its TCTI and that one's configuration; \"{}\" is not", text))
        .WithHint("device:/dev/tpmrm0, tabrmd:bus_type=system, swtpm:path=/... or mssim:host=...,port=...");
  }
  return TctiName{.name = std::string(name), .conf = std::string(conf)};
}

}  // namespace rootkeep::tpm2
