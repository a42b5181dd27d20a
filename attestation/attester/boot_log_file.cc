#include "attestation/attester/boot_log_file.h"

#include "attestation/wire/messages.h"
#include "keystore/base/file.h"

namespace rootkeep::attestation {

Result<Bytes> ReadBootLogFile(const std::string& path) {
  auto content = ReadFile(path, kMaxBootLogSize);
  if (content.ok()) return ToBytes(AsBytes(*content));
  if (content.error().code() == Code::kNotFound) return Bytes();
  return std::move(content.error())
      .Within("the boot log")
      .WithHint("only root reads it; boot_log_file names another, which a privileged unit has copied");
}

}  // namespace rootkeep::attestation
