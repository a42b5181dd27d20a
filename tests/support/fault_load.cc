#include "tests/support/fault_load.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"

namespace rootkeep::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Who is refused comes back, but not at once.
constexpr milliseconds kRefusedPause{2};

}  // namespace

Result<KeyUnderLoad> KeyUnderLoad::Make(KeyStore& store, Deadline deadline) {
  RK_TRY(KeyInfo info, store.Create({.use = KeyUse::kApp, .name = "key"}, deadline));
  RK_TRY(auto signer, store.Open(info.uri, deadline));
  return KeyUnderLoad(store, std::move(info), std::move(signer));
}

Status KeyUnderLoad::Call(unsigned number, Deadline deadline, const std::function<void()>& good) const {
  const auto ignore = [](auto result) { return result.ok() ? Ok() : Status(std::move(result).error()); };
  switch (number % 16) {
    case 3: return ignore(store_->Open(info_.uri, deadline));
    case 7: return ignore(store_->List(deadline));
    case 11: return store_->health()->Probe(deadline);
    default: break;
  }
  static const Bytes digest(32, 7);
  RK_TRY(const Bytes signature, signer_->Sign(SignatureScheme::kEcdsaSha256, digest, deadline));
  RK_RETURN_IF_ERROR(info_.public_key.Verify(SignatureScheme::kEcdsaSha256, digest, signature));
  good();
  return Ok();
}

bool FaultLoad::Passing(const Error& error) {
  return error.code() == Code::kUnavailable || error.code() == Code::kResourceExhausted;
}

FaultLoad::FaultLoad(const Chaos& chaos, const FaultLoadOptions& options, Call call, MayRefuse may_refuse)
    : chaos_(chaos), options_(options), call_(std::move(call)), may_refuse_(std::move(may_refuse)) {}

std::size_t FaultLoad::faults() {
  faults_ += static_cast<std::size_t>(std::ranges::count_if(chaos_.LinesFrom(log_end_), [](const std::string& line) {
    return line.find(R"("event":"fault")") != std::string::npos;
  }));
  return faults_;
}

void FaultLoad::CallAndJudge(unsigned caller, unsigned number) {
  const auto begin = steady_clock::now();
  const Status status = call_(caller, number);
  EXPECT_LT(steady_clock::now() - begin, options_.deadline + options_.margin) << "under: " << scenario_;
  ++answered_;
  if (status.ok()) return;
  EXPECT_TRUE(may_refuse_(status.error())) << status.error().ToString() << " under: " << scenario_;
  ++refused_;
  std::this_thread::sleep_for(kRefusedPause);
}

void FaultLoad::Under(const std::function<void()>& work) {
  std::vector<std::jthread> threads;
  threads.reserve(options_.callers);
  for (unsigned caller = 0; caller < options_.callers; ++caller) {
    threads.emplace_back([this, caller](const std::stop_token& stop) {
      // Not all of them with the same call at the same time.
      for (unsigned number = caller; !stop.stop_requested(); ++number) CallAndJudge(caller, number);
    });
  }
  work();
  for (std::jthread& thread : threads) thread.request_stop();
}

void FaultLoad::AwaitGood(std::size_t more) const {
  const std::size_t before = good_;
  EXPECT_TRUE(Eventually([&] { return good_ >= before + more; }));
}

void FaultLoad::AwaitRefusals(std::size_t more) const {
  const std::size_t before = refused_;
  EXPECT_TRUE(Eventually([&] { return refused_ >= before + more; }));
}

void FaultLoad::AwaitRecovery() {
  const auto began = steady_clock::now();
  AwaitGood(1);
  const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  EXPECT_LT(took, options_.recovery);
  slowest_ = std::max(slowest_, took);
}

void FaultLoad::AwaitFaults(std::string_view scenario) {
  const std::size_t faults = this->faults();
  const std::size_t answers = answered_;
  // Who hangs makes no more faults, and who crashes few. Either keeps the others from an answer until their deadline.
  const std::size_t enough = scenario.starts_with("hang") || scenario.starts_with("crash") ? 1 : options_.faults;
  EXPECT_TRUE(Eventually([&] {
    const std::size_t shown = this->faults() - faults;
    return shown >= enough || (shown > 0 && answered_ >= answers + options_.answers);
  }));
}

void FaultLoad::Suffer(const char* scenario) {
  SCOPED_TRACE(scenario);
  scenario_ = scenario;
  Under([&] {
    chaos_.Set(scenario);
    AwaitFaults(scenario);
    chaos_.Clear();
    AwaitRecovery();
  });
  scenario_ = "none";
  if (options_.sessions != 0) CountSessions();
}

void FaultLoad::CountSessions() { EXPECT_LE(sessions_.Count(), options_.sessions); }

}  // namespace rootkeep::testing
