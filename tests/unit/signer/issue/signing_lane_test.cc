#include "signer/issue/signing_lane.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <system_error>

#include "signer/ledger/open_ledger.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

// Root may have any number of threads; who owns nothing else is held to so many.
void LeaveRoomForThreads(unsigned more, unsigned running) {
  constexpr uid_t kNobodyElses = 2'000'000'011;
  const bool alone = geteuid() == 0 && setuid(kNobodyElses) == 0;
  const rlim_t most = alone ? running + more : 1;
  const rlimit limit{most, most};
  if (setrlimit(RLIMIT_NPROC, &limit) != 0) _exit(2);
}

// Ends the process: 0 when the lane said that it has no threads, whichever of them could not be started.
[[noreturn]] void MakeLane(Ledger& ledger, unsigned threads) {
  Metrics metrics;
  DeadlineWatch watch(16);
  constexpr unsigned kRunning = 3;  // this one, the watch's and the ledger's
  LeaveRoomForThreads(threads, kRunning);
  try {
    const SigningLane lane(ledger, watch, metrics, Places(16, 16));
  } catch (const std::system_error&) {
    _exit(0);
  }
  _exit(1);
}

TEST(SigningLaneDeathTest, EndsWhatItStartedWhenAThreadCannotBeStarted) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  for (const unsigned threads : {0U, 3U}) {
    EXPECT_EXIT(
        {
          const testing::TempDir dir;
          const auto ledger = OpenLedger({.path = dir / "ledger.db"});
          MakeLane(**ledger, threads);
        },
        ::testing::ExitedWithCode(0), "")
        << threads;
  }
}

}  // namespace
}  // namespace rootkeep
