#include "keystore/pkcs11/pin_source.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>

#include "keystore/base/file.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr std::string_view kFile = "file:";
constexpr std::string_view kCredential = "credential:";

bool IsCredentialName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return !name.empty() && name.size() <= 255 && name.front() != '.' && std::ranges::all_of(name, allowed);
}

Error Unreadable(Error error) {
  return std::move(error).Within("read the PIN").WithCode(Code::kFailedPrecondition).WithReason(kReasonPinSource);
}

}  // namespace

Result<PinSource> PinSource::Parse(std::string_view text) {
  PinSource source;
  if (text.empty()) return source;
  if (text.starts_with(kFile)) {
    text.remove_prefix(kFile.size());
    if (text.starts_with("///")) text.remove_prefix(2);
    if (!text.starts_with('/') || text.starts_with("//") || text.size() == 1 ||
        text.find('\0') != std::string_view::npos) {
      return InvalidArgument("pin source: the path after file: is not absolute");
    }
    source.kind_ = Kind::kFile;
    source.name_ = text;
    return source;
  }
  if (text.starts_with(kCredential)) {
    text.remove_prefix(kCredential.size());
    if (!IsCredentialName(text)) return InvalidArgument("pin source: the name after credential: is not a plain name");
    source.kind_ = Kind::kCredential;
    source.name_ = text;
    return source;
  }
  return InvalidArgument("pin source: it starts neither with file: nor with credential:");
}

Result<SecretBytes> PinSource::Read() const {
  if (empty()) {
    return FailedPrecondition("the token wants a PIN and no PIN source is configured")
        .WithReason(kReasonPinSource)
        .WithHint("name one: file:/absolute/path, or credential:NAME under systemd");
  }
  auto pin = kind_ == Kind::kFile ? ReadSecretFile(name_) : ReadCredential();
  if (!pin.ok()) return Unreadable(std::move(pin).error());
  if (pin->empty()) return Unreadable(FailedPrecondition("it is empty"));
  return pin;
}

Result<SecretBytes> PinSource::ReadCredential() const {
  const char* directory = getenv("CREDENTIALS_DIRECTORY");
  if (directory == nullptr) {
    return FailedPrecondition(fmt::format("credential {}: CREDENTIALS_DIRECTORY is not set", name_))
        .WithHint("systemd sets it for the service alone (LoadCredential=" + name_ +
                  ":/path); elsewhere say --pin-source file:/path");
  }
  return ReadCredentialFile(fmt::format("{}/{}", directory, name_));
}

}  // namespace rootkeep::pkcs11
