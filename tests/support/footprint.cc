#include "tests/support/footprint.h"

#include <malloc.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rootkeep::testing {
namespace {

std::size_t EntriesOf(const char* directory) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) count += entry.path().empty() ? 0 : 1;
  return count;
}

}  // namespace

Footprint Footprint::Now() {
  malloc_trim(0);
  std::size_t pages = 0;
  std::size_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page_kib = static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / 1024;
  return {.threads = EntriesOf("/proc/self/task"),
          .descriptors = EntriesOf("/proc/self/fd"),
          .resident_kib = resident * page_kib};
}

}  // namespace rootkeep::testing
