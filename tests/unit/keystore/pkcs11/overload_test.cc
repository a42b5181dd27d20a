// More callers than a slow token can serve: what is accepted keeps its latency, the rest is told at once to come back.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::SoftHsm;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr milliseconds kLatency{5};  // of the token
constexpr unsigned kSlots = 4;       // of the token
constexpr std::size_t kPlaces = 16;  // in the queue
constexpr unsigned kCallers = 160;   // who come back when they are told, so with many times what the token can do
constexpr std::size_t kAccepted = 1000;
constexpr std::chrono::seconds kDeadline{60};

struct Accepted {
  nanoseconds took{0};
  nanoseconds served{0};  // without what it waited
  unsigned slots = 1;     // that the queue gave away when it came, or when it went: the fewer
};

struct Outcome {
  std::vector<Accepted> accepted;
  std::vector<nanoseconds> refused;  // after which time
  std::vector<std::string> other;
};

class Overload : public ::testing::Test {
 protected:
  void SetUp() override { TheChaos().Clear(); }
  void TearDown() override { TheChaos().Clear(); }

  // Calls until enough have been accepted, of all callers.
  Outcome Call(const Signer& signer, unsigned number) {
    const Share share{.flow = std::to_string(number)};
    const Bytes digest(32, 7);
    Outcome out;
    while (accepted_ < kAccepted) {
      SignTimes times;
      const unsigned slots = signer.Concurrency();
      const auto began = steady_clock::now();
      const auto signature = signer.SignFor({.deadline = began + kDeadline, .share = share, .times = &times},
                                            SignatureScheme::kEcdsaSha256, digest);
      const nanoseconds took = steady_clock::now() - began;
      if (signature.ok()) {
        ++accepted_;
        out.accepted.push_back(
            {.took = took, .served = took - times.queued, .slots = std::min(slots, signer.Concurrency())});
      } else if (signature.error().code() == Code::kResourceExhausted && signature.error().retry_after()) {
        out.refused.push_back(took);
        std::this_thread::sleep_for(*signature.error().retry_after());
      } else {
        out.other.push_back(signature.error().ToString());
        accepted_ = kAccepted;  // all end
      }
    }
    return out;
  }

  Outcome CallFromAll(const Signer& signer) {
    std::vector<Outcome> outcomes(kCallers);
    std::vector<std::jthread> callers;
    for (unsigned i = 0; i < kCallers; ++i) {
      callers.emplace_back([&, i] { outcomes[i] = Call(signer, i); });
    }
    callers.clear();
    Outcome all;
    for (const Outcome& one : outcomes) {
      all.accepted.insert(all.accepted.end(), one.accepted.begin(), one.accepted.end());
      all.refused.insert(all.refused.end(), one.refused.begin(), one.refused.end());
      all.other.insert(all.other.end(), one.other.begin(), one.other.end());
    }
    return all;
  }

  SoftHsm hsm_{ChaosPath()};
  std::atomic<std::size_t> accepted_{0};
};

nanoseconds Percentile(std::vector<nanoseconds> times, std::size_t percent) {
  std::ranges::sort(times);
  return times.empty() ? nanoseconds(0) : times[(times.size() - 1) * percent / 100];
}

// Nobody waits behind more than the places hold, and they move up by as many at a time as the queue gives tickets. A
// machine that is slow, or has other things to do, makes each turn longer, and with it what is asked here: a thread
// has to wake up for its turn, and again for the token's answer.
TEST_F(Overload, WhatIsAcceptedKeepsItsLatencyAndTheRestIsRefusedAtOnce) {
  TheChaos().Set("delay C_Sign 5ms workers=4 quiet");
  const auto store = hsm_.OpenStore(SoftHsm::kLabel, {.max_sessions = kSlots, .max_waiting = kPlaces});
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store->Create({.name = "key"}, Soon()));
  ASSERT_OK_AND_ASSIGN(const auto signer, store->Open(key.uri, Soon()));
  const Outcome all = CallFromAll(*signer);

  ASSERT_THAT(all.other, ::testing::IsEmpty()) << "neither in time nor at once";
  std::vector<nanoseconds> served;
  for (const Accepted& one : all.accepted) served.push_back(one.served);
  const nanoseconds turn = 2 * Percentile(served, 99);
  EXPECT_GE(turn, 2 * kLatency);
  const auto late = std::ranges::count_if(
      all.accepted, [&](const Accepted& one) { return one.took > turn * (kPlaces / one.slots + 2); });
  EXPECT_LE(static_cast<std::size_t>(late), all.accepted.size() / 100);

  // On any machine: while as many as there are places get their turn, nearly all others have come back once.
  EXPECT_GT(all.refused.size(), all.accepted.size()) << "there was no overload";
  EXPECT_LT(Percentile(all.refused, 50), kLatency);
  std::vector<nanoseconds> took;
  for (const Accepted& one : all.accepted) took.push_back(one.took);
  RecordProperty("accepted_p99_us", std::to_string(Percentile(took, 99).count() / 1000));
  RecordProperty("served_p99_us", std::to_string(Percentile(served, 99).count() / 1000));
  RecordProperty("slots", std::to_string(all.accepted.back().slots));
}

}  // namespace
}  // namespace rootkeep::pkcs11
