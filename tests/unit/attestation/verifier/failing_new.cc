#include "tests/unit/attestation/verifier/failing_new.h"

#include <cstdlib>
#include <new>

namespace {

// Allocations until one fails; negative: none does.
int allowed_allocations = -1;

}  // namespace

namespace rootkeep::testing {

void FailAllocationAfter(int allocations) { allowed_allocations = allocations; }

bool AllocationFailed() {
  const bool failed = allowed_allocations < 0;
  allowed_allocations = -1;
  return failed;
}

}  // namespace rootkeep::testing

void* operator new(std::size_t size) {
  const bool fails = allowed_allocations == 0;
  if (allowed_allocations >= 0) --allowed_allocations;
  void* memory = fails ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*size*/) noexcept { std::free(memory); }
