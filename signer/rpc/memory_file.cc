#include "signer/rpc/memory_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

namespace rootkeep {
namespace {

Result<Fd> Filled(const std::string& name, std::string_view content) {
  Fd fd(memfd_create(name.c_str(), MFD_CLOEXEC));
  if (!fd.valid()) return ErrnoError("memfd_create", errno);
  while (!content.empty()) {
    const ssize_t count = write(fd.get(), content.data(), content.size());
    if (count < 0) return ErrnoError("write memfd " + name, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  return fd;
}

}  // namespace

Result<MemoryFile> MemoryFile::Make(const std::string& name, std::string_view content) {
  RK_TRY(Fd fd, Filled(name, content));
  return MemoryFile(name, std::move(fd));
}

std::string MemoryFile::path() const { return fmt::format("/proc/self/fd/{}", fd_.get()); }

Status MemoryFile::Replace(std::string_view content) {
  RK_TRY(const Fd fresh, Filled(name_, content));
  if (dup3(fresh.get(), fd_.get(), O_CLOEXEC) < 0) return ErrnoError("dup3 memfd " + name_, errno);
  return Ok();
}

}  // namespace rootkeep
