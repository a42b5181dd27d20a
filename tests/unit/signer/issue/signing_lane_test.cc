#include "signer/issue/signing_lane.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <cerrno>
#include <system_error>

#include "signer/ledger/open_ledger.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace {

// How many threads this one may still start, and how many it has; without bounds while the first is negative.
thread_local int may_start = -1;
thread_local int started = 0;

using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);

}  // namespace

// A sanitizer's own, which has to know of every thread; null without one.
extern "C" [[gnu::weak]] Create __interceptor_pthread_create;  // NOLINT(bugprone-reserved-identifier)

// Stands before libc's in this program: a limit that the system enforces binds neither root nor all users alike.
extern "C" [[gnu::visibility("default")]] int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                                                             void* (*run)(void*), void* argument) noexcept {
  static Create* const create = __interceptor_pthread_create != nullptr
                                    ? &__interceptor_pthread_create
                                    : reinterpret_cast<Create*>(dlsym(RTLD_NEXT, "pthread_create"));
  if (may_start == 0) return EAGAIN;
  if (may_start > 0) --may_start;
  ++started;
  return create(thread, attributes, run, argument);
}

namespace rootkeep {
namespace {

// Where those that were started are not told to end, whoever makes the lane waits for them for ever.
TEST(SigningLaneThreads, EndsWhatItStartedWhenAThreadCannotBeStarted) {
  const testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedger({.path = dir / "ledger.db"}));
  Metrics metrics;
  DeadlineWatch watch(16);
  const auto make = [&] { const SigningLane lane(*ledger, watch, metrics, Places(16, 16)); };
  started = 0;
  make();
  const int threads = started;
  ASSERT_GT(threads, 1);
  for (int some = 0; some < threads; ++some) {
    started = 0;
    may_start = some;
    EXPECT_THROW(make(), std::system_error) << some;
    may_start = -1;
    EXPECT_EQ(started, some);
  }
}

}  // namespace
}  // namespace rootkeep
