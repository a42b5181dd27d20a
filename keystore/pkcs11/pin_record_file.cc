#include "keystore/pkcs11/pin_record_file.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "keystore/base/file.h"
#include "keystore/public_key.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr std::string_view kVersion = "1";
constexpr std::string_view kRefused = "refused";
constexpr std::string_view kDoubtful = "doubtful ";
constexpr std::size_t kNameOctets = 16;
constexpr unsigned kDirectoryMode = 0755;  // inside a private one

std::string_view TakeLine(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

Result<std::string> PinRecordName(const DeviceInfo& token) {
  std::string whole = token.manufacturer + '\0' + token.model + '\0' + token.serial;
  // A serial of zeros only is every such token's.
  if (token.serial.find_first_not_of('0') == std::string::npos) whole += '\0' + token.label;
  RK_TRY(const Bytes digest, Digest(Hash::kSha256, AsBytes(whole)));
  return ToHex(ByteView(digest).first(kNameOctets));
}

std::string FormatPinRecord(const PinRecord& record) {
  return fmt::format("{}\n{}\n{}\n", kVersion,
                     record.refused ? std::string(kRefused) : fmt::format("{}{}", kDoubtful, record.doubtful),
                     record.detail);
}

Result<PinRecord> ParsePinRecord(std::string_view text) {
  const auto bad = [] { return FailedPrecondition("the record of a token's PIN is not one this program wrote"); };
  if (TakeLine(text) != kVersion) return bad();
  std::string_view state = TakeLine(text);
  PinRecord record;
  record.refused = state == kRefused;
  if (!record.refused) {
    if (!state.starts_with(kDoubtful)) return bad();
    state.remove_prefix(kDoubtful.size());
    const auto [end, error] = std::from_chars(state.data(), state.data() + state.size(), record.doubtful);
    if (error != std::errc() || end != state.data() + state.size()) return bad();
  }
  record.detail = TakeLine(text);
  return record;
}

Status MakePinDirectory(const std::string& directory) {
  struct stat seen{};
  if (stat(directory.c_str(), &seen) == 0) return Ok();
  RK_RETURN_IF_ERROR(MakeDirectory(directory, kDirectoryMode));
  const std::string parent = std::filesystem::path(directory).parent_path();
  if (geteuid() != 0) return Ok();
  if (stat(parent.c_str(), &seen) != 0 || chown(directory.c_str(), seen.st_uid, seen.st_gid) != 0) {
    return ErrnoError("chown " + directory, errno);
  }
  return Ok();
}

}  // namespace rootkeep::pkcs11
