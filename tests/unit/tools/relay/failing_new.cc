#include "tests/unit/tools/relay/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::size_t> failing_size = 0;  // 0: none fails

}  // namespace

namespace rootkeep::testing {

void FailAllocationOf(std::size_t octets) { failing_size = octets; }
bool AllocationFailed() { return failing_size.exchange(0) == 0; }

}  // namespace rootkeep::testing

void* operator new(std::size_t size) {
  std::size_t expected = size;
  const bool fails = size != 0 && failing_size.compare_exchange_strong(expected, 0);
  void* memory = fails ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
