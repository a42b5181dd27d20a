// Mutexes that a module is given.
#include "keystore/pkcs11/module_locks.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace rootkeep::pkcs11 {
namespace {

class ModuleLocks : public ::testing::Test {
 protected:
  void SetUp() override {
    OfferMutexes(offered_);
    ASSERT_EQ(offered_.CreateMutex(&mutex_), CKR_OK);
  }
  void TearDown() override { EXPECT_EQ(offered_.DestroyMutex(mutex_), CKR_OK); }

  CK_C_INITIALIZE_ARGS offered_{};
  void* mutex_ = nullptr;
};

TEST_F(ModuleLocks, LetOneInAtATime) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  int count = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        EXPECT_EQ(offered_.LockMutex(mutex_), CKR_OK);
        ++count;
        EXPECT_EQ(offered_.UnlockMutex(mutex_), CKR_OK);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(count, kThreads * kRounds);
}

TEST_F(ModuleLocks, SayWhatIsNoMutex) {
  EXPECT_EQ(offered_.LockMutex(nullptr), CKR_MUTEX_BAD);
  EXPECT_EQ(offered_.UnlockMutex(nullptr), CKR_MUTEX_BAD);
  EXPECT_EQ(offered_.DestroyMutex(nullptr), CKR_MUTEX_BAD);
  EXPECT_EQ(offered_.CreateMutex(nullptr), CKR_ARGUMENTS_BAD);
}

}  // namespace
}  // namespace rootkeep::pkcs11
