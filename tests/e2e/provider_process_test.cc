// rootkeep.so in the life of a process: threads, forks, an agent that goes and comes, loading and unloading; and what
// it leaves behind.
#include <malloc.h>
#include <openssl/provider.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <thread>

#include "keystore/base/clock.h"
#include "tests/e2e/provider_fixture.h"
#include "tests/support/eventually.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::LibraryContext;
using testing::Listed;
using testing::ReadKey;
using testing::SignMessage;
using testing::TakeErrors;
using testing::VerifyMessage;

std::ptrdiff_t OpenFiles() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

class ProviderProcess : public ProviderSuite {
 protected:
  static bool Signs(OSSL_LIB_CTX* context, EVP_PKEY* key) {
    const std::string signature = SignMessage(context, key, "SHA256", "message");
    return !signature.empty() && VerifyMessage(key, "SHA256", "message", signature);
  }
};

TEST_F(ProviderProcess, SixtyFourThreadsShareAKey) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  ASSERT_NE(key, nullptr) << TakeErrors();
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 64; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 10; ++n) good += Signs(context, key.get()) ? 1 : 0;
      OPENSSL_thread_stop();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 640);
}

TEST_F(ProviderProcess, BothSidesOfAForkGoOn) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  ASSERT_TRUE(Signs(context, key.get()));
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      for (int n = 0; n < 20; ++n) {
        if (!Signs(context, key.get())) _exit(1);
      }
      _exit(ReadKey(context, host_->Path("p256.pem")) == nullptr ? 2 : 0);
    }
    children.push_back(child);
  }
  for (int n = 0; n < 20; ++n) EXPECT_TRUE(Signs(context, key.get()));
  for (const pid_t child : children) {
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

// With operations that were set up before: what sets one up takes locks of OpenSSL's, and those are not ours to unlock
// in the child of a process with threads.
TEST_F(ProviderProcess, AForkWhileOtherThreadsSignGoesOn) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  const auto operation = [&] {
    ossl::PKeyCtx made(EVP_PKEY_CTX_new_from_pkey(context, key.get(), nullptr));
    EXPECT_EQ(EVP_PKEY_sign_init(made.get()), 1) << TakeErrors();
    return made;
  };
  const auto sign = [](EVP_PKEY_CTX* with) {
    const unsigned char digest[32] = {};
    unsigned char signature[128];
    std::size_t size = sizeof signature;
    return EVP_PKEY_sign(with, signature, &size, digest, sizeof digest) == 1;
  };
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, mine = operation()] {
      while (!stop) EXPECT_TRUE(sign(mine.get()));
    });
  }
  const auto childs = operation();
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(20);
      _exit(sign(childs.get()) ? 0 : 1);
    }
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
}

TEST_F(ProviderProcess, AnAgentThatIsRestartedIsFoundAgain) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  ASSERT_TRUE(Signs(context, key.get()));
  host_->KillAgent();
  host_->StartAgent();
  EXPECT_TRUE(Signs(context, key.get())) << TakeErrors();
  // Away for longer than anybody waits, which is not long; then back, for the same key.
  host_->KillAgent();
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(Signs(context, key.get()));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(8));
  const std::string why = TakeErrors();
  EXPECT_THAT(why, ::testing::HasSubstr(host_->socket()));
  EXPECT_THAT(why, ::testing::HasSubstr("ENOENT"));
  EXPECT_THAT(why, ::testing::HasSubstr("p256"));
  host_->StartAgent();
  EXPECT_TRUE(Signs(context, key.get())) << TakeErrors();
}

TEST_F(ProviderProcess, AHungAgentIsNotWaitedForLongerThanConfigured) {
  const LibraryContext context(host_->Config(Listed::kLast, "timeout_ms = 2000\n"));
  const auto key = ReadKey(context, host_->Reference("p256"));
  ASSERT_TRUE(Signs(context, key.get())) << TakeErrors();
  kill(host_->agent_pid(), SIGSTOP);
  siginfo_t stopped{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(host_->agent_pid()), &stopped, WSTOPPED), 0);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_FALSE(Signs(context, key.get()));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(8));
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("did not answer in time"));
  kill(host_->agent_pid(), SIGCONT);
  EXPECT_TRUE(Eventually([&] { return Signs(context, key.get()); }));
}

TEST_F(ProviderProcess, ATokenThatIsLostAndReturnsIsUsedAgain) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  ASSERT_TRUE(Signs(context, key.get()));
  host_->hsm().TakeAway();
  EXPECT_TRUE(Eventually([&] { return !Signs(context, key.get()); }));
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("rootkeep"));
  host_->hsm().GiveBack();
  EXPECT_TRUE(Eventually([&] { return Signs(context, key.get()); }));
}

TEST_F(ProviderProcess, TwoLibraryContextsAndTwoLoadsAreApart) {
  const LibraryContext one(host_->Config());
  auto two = std::make_unique<LibraryContext>(host_->Config(Listed::kFirst));
  const auto first = ReadKey(one, host_->Reference("p256"));
  auto second = ReadKey(*two, host_->Reference("p256"));
  OSSL_PROVIDER* again = OSSL_PROVIDER_load(one, "rootkeep");
  ASSERT_NE(again, nullptr) << TakeErrors();
  EXPECT_TRUE(Signs(one, first.get()));
  EXPECT_TRUE(Signs(*two, second.get()));
  EXPECT_EQ(EVP_PKEY_eq(first.get(), second.get()), 1);
  second.reset();
  two.reset();
  EXPECT_EQ(OSSL_PROVIDER_unload(again), 1);
  EXPECT_TRUE(Signs(one, first.get())) << TakeErrors();
}

#ifdef ROOTKEEP_SANITIZED  // it has an allocator of its own, a slow one, and finds leaks itself
constexpr int kMany = 20;
std::size_t MemoryInUse() { return 0; }
#else
constexpr int kMany = 1000;
std::size_t MemoryInUse() { return mallinfo2().uordblks; }  // what the allocator has given out
#endif

TEST_F(ProviderProcess, NothingIsLeftOfKeysAndSignatures) {
  const LibraryContext context(host_->Config());
  const std::string reference = host_->Reference("p256");
  const auto round = [&](int keys, int signatures) {
    for (int k = 0; k < keys; ++k) {
      const auto key = ReadKey(context, reference);
      ASSERT_NE(key, nullptr) << TakeErrors();
      for (int n = 0; n < signatures; ++n) {
        ASSERT_FALSE(SignMessage(context, key.get(), "SHA256", "message").empty()) << TakeErrors();
      }
    }
  };
  round(kMany / 50 + 1, kMany / 50 + 1);
  const auto files = OpenFiles();
  const std::size_t memory = MemoryInUse();
  round(kMany, 1);
  round(1, 2 * kMany);
  EXPECT_EQ(OpenFiles(), files) << "a connection is kept, and no more than that";
  // OpenSSL's own caches grow by some 40 KB meanwhile, with keys of files too; a key is more than 1 KB.
  EXPECT_LT(MemoryInUse(), memory + 120'000);
}

TEST_F(ProviderProcess, NothingIsLeftOfLoadingAndUnloading) {
  const std::string config = host_->Config();
  const std::string reference = host_->Reference("p256");
  const auto round = [&] {
    const LibraryContext context(config);
    ASSERT_TRUE(Signs(context, ReadKey(context, reference).get())) << TakeErrors();
  };
  for (int i = 0; i < 3; ++i) round();
  const auto files = OpenFiles();
  const std::size_t memory = MemoryInUse();
  for (int i = 0; i < 30; ++i) round();
  EXPECT_EQ(OpenFiles(), files);
  // OpenSSL itself keeps some 5 KB of each context until the end; a context that is not freed is some 100 KB.
  EXPECT_LT(MemoryInUse(), memory + 30 * 20'000);
}

}  // namespace
}  // namespace rootkeep
