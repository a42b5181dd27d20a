#include "keystore/pkcs11/keys_lock.h"

#include <gtest/gtest.h>

#include <future>

#include "keystore/pkcs11/quirks.h"
#include "tests/support/matchers.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;

Deadline Soon() { return After(std::chrono::seconds(30)); }

// What another thread is told that cannot wait, while this one has the keys for `mine`.
Status Beside(const Quirks& quirks, KeyAccess mine, KeyAccess others) {
  KeysLock::Mutex mutex;
  const auto lock = KeysLock::Take(mutex, quirks, mine, Soon());
  EXPECT_THAT(lock, IsOk());
  const auto take = [&] {
    const auto theirs = KeysLock::Take(mutex, quirks, others, After(std::chrono::milliseconds(1)));
    return theirs.ok() ? Ok() : Status(theirs.error());
  };
  return std::async(std::launch::async, take).get();
}

TEST(KeysLock, LocksNothingForAModuleWithoutQuirks) {
  for (const KeyAccess access : {KeyAccess::kUse, KeyAccess::kFind, KeyAccess::kChange}) {
    EXPECT_THAT(Beside({}, KeyAccess::kChange, access), IsOk());
  }
}

TEST(KeysLock, KeepsSearchesAwayFromAKeyThatIsMadeAndNothingElse) {
  const Quirks quirks{.making_disturbs_finding = true};
  EXPECT_THAT(Beside(quirks, KeyAccess::kChange, KeyAccess::kFind), HasReason("deadline"));
  EXPECT_THAT(Beside(quirks, KeyAccess::kFind, KeyAccess::kChange), HasReason("deadline"));
  EXPECT_THAT(Beside(quirks, KeyAccess::kFind, KeyAccess::kFind), IsOk());
  EXPECT_THAT(Beside(quirks, KeyAccess::kChange, KeyAccess::kUse), IsOk());
}

TEST(KeysLock, LetsOneInWhereKeysStayLoaded) {
  const Quirks quirks{.keys_stay_loaded = true};
  EXPECT_THAT(Beside(quirks, KeyAccess::kUse, KeyAccess::kUse), HasReason("deadline"));
  EXPECT_THAT(Beside(quirks, KeyAccess::kFind, KeyAccess::kUse), HasReason("deadline"));
}

// Ten seconds of somebody's own are long enough to say that he hangs; those before him do not count.
TEST(KeysLock, TellsWhoHangsFromWhoIsBusy) {
  KeysLock::Mutex mutex;
  const auto in = [](int seconds) { return std::chrono::steady_clock::now() + std::chrono::seconds(seconds); };
  EXPECT_FALSE(mutex.Stuck(in(60)));
  {
    const auto lock = KeysLock::Take(mutex, {.keys_stay_loaded = true}, KeyAccess::kUse, Soon());
    ASSERT_THAT(lock, IsOk());
    EXPECT_FALSE(mutex.Stuck(in(5)));
    EXPECT_TRUE(mutex.Stuck(in(60)));
  }
  EXPECT_FALSE(mutex.Stuck(in(60)));
  const auto shared = KeysLock::Take(mutex, {.making_disturbs_finding = true}, KeyAccess::kFind, Soon());
  ASSERT_THAT(shared, IsOk());
  EXPECT_FALSE(mutex.Stuck(in(60)));
}

}  // namespace
}  // namespace rootkeep::pkcs11
