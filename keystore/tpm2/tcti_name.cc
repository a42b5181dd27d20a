#include "keystore/tpm2/tcti_name.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep::tpm2 {
namespace {

// Whoever is on the way to another host answers as the TPM does, and libtss2 3.2.1 reads more than such an answer holds
// (GHSA-7638-f8gq-c475).
bool IsOfThisHost(std::string_view conf) {
  constexpr std::string_view kHost = "host=";
  for (std::size_t at = 0; at <= conf.size();) {
    const std::size_t end = std::min(conf.find(',', at), conf.size());
    const std::string_view item = conf.substr(at, end - at);
    at = end + 1;
    if (!item.starts_with(kHost)) continue;
    const std::string_view host = item.substr(kHost.size());
    if (host != "localhost" && host != "127.0.0.1" && host != "::1") return false;
  }
  return true;
}

}  // namespace

Result<TctiName> ParseTcti(std::string_view text) {
  constexpr std::array<std::string_view, 4> kKnown{"device", "tabrmd", "swtpm", "mssim"};
  const auto colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const std::string_view conf = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (std::ranges::find(kKnown, name) == kKnown.end() || conf.empty()) {
    return InvalidArgument(fmt::format("a TPM is named by its TCTI and that one's configuration; \"{}\" is not", text))
        .WithHint("device:/dev/tpmrm0, tabrmd:bus_type=system, swtpm:path=/... or mssim:host=...,port=...");
  }
  if (!IsOfThisHost(conf)) {
    return InvalidArgument(fmt::format("\"{}\" names a TPM of another host", text))
        .WithHint("host=127.0.0.1, host=::1 or host=localhost");
  }
  return TctiName{.name = std::string(name), .conf = std::string(conf)};
}

}  // namespace rootkeep::tpm2
