#include "tools/hardware/token_host.h"

#include <filesystem>

namespace rootkeep {
namespace {

constexpr char kProgram[] = "rootkeep-token-host";

}  // namespace

Result<std::string> FindTokenHost() {
  std::error_code error;
  const auto here = std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return ErrnoError("readlink /proc/self/exe", error.value());
  const auto up = here.parent_path();
  for (const auto& path :
       {up / "libexec" / "rootkeep" / kProgram, up / "lib" / "rootkeep" / kProgram, up / "token-host" / kProgram}) {
    if (std::filesystem::is_regular_file(path, error)) return path.string();
  }
  return NotFound(std::string(kProgram) + " is not installed with this program").WithHint("name it with token_host");
}

}  // namespace rootkeep
