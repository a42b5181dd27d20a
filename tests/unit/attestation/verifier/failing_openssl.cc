#include "tests/unit/attestation/verifier/failing_openssl.h"

#include <openssl/crypto.h>

#include <cstdlib>

namespace {

// Until one fails; negative: none does.
int allowed_allocations = -1;

bool Fails() {
  const bool fails = allowed_allocations == 0;
  if (allowed_allocations >= 0) --allowed_allocations;
  return fails;
}

void* Allocate(std::size_t size, const char* /*file*/, int /*line*/) { return Fails() ? nullptr : std::malloc(size); }
void* Reallocate(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  return Fails() ? nullptr : std::realloc(memory, size);
}
void Free(void* memory, const char* /*file*/, int /*line*/) { std::free(memory); }

// Before anything else uses OpenSSL, which takes no others later.
[[gnu::constructor(101)]] void Replace() {
  if (CRYPTO_set_mem_functions(&Allocate, &Reallocate, &Free) != 1) std::abort();
}

}  // namespace

namespace rootkeep::testing {

void FailOpenSslAllocationAfter(int allocations) { allowed_allocations = allocations; }

bool OpenSslAllocationFailed() {
  const bool failed = allowed_allocations < 0;
  allowed_allocations = -1;
  return failed;
}

}  // namespace rootkeep::testing
