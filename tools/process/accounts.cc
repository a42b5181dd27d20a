#include "tools/process/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <vector>

namespace rootkeep {
namespace {

constexpr std::size_t kEntry = 64 * 1024;  // octets that a user's or group's entry may have

std::optional<std::uint32_t> Number(const std::string& text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  // The last one means "nobody in particular" to chown(2).
  const bool whole = error == std::errc() && end == text.data() + text.size() && number != ~std::uint32_t{0};
  return whole ? std::optional(number) : std::nullopt;
}

Error Unknown(const char* what, const std::string& name, int error) {
  if (error != 0 && error != ENOENT) return ErrnoError(std::string("look up ") + what + " " + name, error);
  return NotFound(std::string("this system has no ") + what + " " + name);
}

}  // namespace

Result<uid_t> UserNumber(const std::string& user) {
  if (const auto number = Number(user)) return uid_t{*number};
  std::vector<char> memory(kEntry);
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwnam_r(user.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr) return Unknown("user", user, error);
  return entry.pw_uid;
}

Result<gid_t> GroupNumber(const std::string& group) {
  if (const auto number = Number(group)) return gid_t{*number};
  std::vector<char> memory(kEntry);
  struct group entry{};
  struct group* found = nullptr;
  const int error = getgrnam_r(group.c_str(), &entry, memory.data(), memory.size(), &found);
  if (found == nullptr) return Unknown("group", group, error);
  return entry.gr_gid;
}

}  // namespace rootkeep
