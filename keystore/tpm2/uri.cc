#include "keystore/tpm2/uri.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "keystore/uri_path.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::string_view kScheme = "tpm2:";
constexpr std::string_view kHandle = "handle=";
constexpr std::string_view kObject = "object=";

bool IsHandle(std::string_view text) {
  return text.size() == 10 && text.starts_with("0x81") &&
         std::ranges::all_of(text.substr(2), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// Where the value of handle= begins; npos when there is none.
std::size_t FindHandle(std::string_view path) {
  for (std::size_t at = 0; (at = path.find(kHandle, at)) != std::string_view::npos; at += kHandle.size()) {
    if (at == 0 || path[at - 1] == ';') return at + kHandle.size();
  }
  return std::string_view::npos;
}

}  // namespace

Result<KeyUri> ParseUri(std::string_view text) {
  if (!text.starts_with(kScheme)) return InvalidArgument("key URI: it does not start with tpm2:");
  std::string path(text.substr(std::min(kScheme.size(), text.size())));
  if (const std::size_t at = FindHandle(path); at != std::string_view::npos) {
    const std::string value = path.substr(at, path.find(';', at) - at);
    if (!IsHandle(value)) {
      return InvalidArgument("key URI: attribute handle is no persistent handle")
          .WithHint("0x81 and six hexadecimal digits");
    }
    std::transform(path.begin() + static_cast<std::ptrdiff_t>(at), path.begin() + static_cast<std::ptrdiff_t>(at) + 10,
                   path.begin() + static_cast<std::ptrdiff_t>(at),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    path.replace(at - kHandle.size(), kHandle.size(), kObject);
  }
  return ParseUriPath(UriScheme::kTpm2, path);
}

}  // namespace rootkeep::tpm2
