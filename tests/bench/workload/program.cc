#include "tests/bench/workload/program.h"

#include <cstdio>
#include <exception>

namespace rootkeep::bench {

int Guarded(const char* program, const std::function<int()>& body) noexcept {
  try {
    return body();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", program, error.what());
  } catch (...) {
    std::fprintf(stderr, "%s: an unknown exception\n", program);
  }
  return 1;
}

int Finish(const char* program, const Result<std::string>& result) {
  if (!result.ok()) {
    std::fprintf(stderr, "%s: %s\n", program, result.error().ToString().c_str());
    return 1;
  }
  if (!result->empty()) std::puts(result->c_str());
  return 0;
}

}  // namespace rootkeep::bench
