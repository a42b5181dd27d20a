// A host that lies: what it sends is never believed beyond its form, and it is ended.
#include "keystore/isolated/backend/isolated_store.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using testing::HasCode;
using testing::HasReason;

Deadline Soon() { return After(std::chrono::seconds(30)); }

// The program does what its setup's module path says (hostile_host.cc).
class HostileHost : public ::testing::Test {
 protected:
  static HostOptions Doing(const std::string& what) {
    return {.program = ROOTKEEP_HOSTILE_HOST, .setup = {.module_path = what}};
  }
  static Result<Reply> Call(const std::string& what) {
    Supervisor supervisor(Doing(what));
    return supervisor.CallOnce({.deadline = Soon(), .call = ProbeCall{}});
  }
};

TEST_F(HostileHost, ThatSendsNoMessage) { EXPECT_THAT(Call("garbage"), HasReason(kReasonHostLost)); }
TEST_F(HostileHost, ThatSendsTooMuch) { EXPECT_THAT(Call("too-long"), HasReason(kReasonHostLost)); }
TEST_F(HostileHost, ThatEndsAtOnce) { EXPECT_THAT(Call("exit"), HasCode(Code::kUnavailable)); }

TEST_F(HostileHost, ThatAnswersAnotherQuestion) {
  IsolatedStore store(Doing("signature"));
  EXPECT_THAT(store.List(Soon()), HasReason(kReasonHostLost));
  EXPECT_THAT(store.health()->Probe(Soon()), HasReason(kReasonHostLost));
  EXPECT_THAT(store.Create({.name = "k"}, Soon()), HasReason(kReasonHostLost));
}

// A surplus answer must never pass for that of a later call.
TEST_F(HostileHost, ThatAnswersTwice) {
  ASSERT_OK_AND_ASSIGN(const auto host, HostProcess::Start(Doing("twice"), Soon()));
  Status status = Ok();
  for (int i = 0; i < 2; ++i) {
    const auto reply = host->Call({.deadline = Soon(), .call = ProbeCall{}});
    status = reply.ok() ? Ok() : Status(reply.error());
  }
  EXPECT_THAT(status, HasReason(kReasonHostLost));
  EXPECT_FALSE(host->alive());
}

TEST_F(HostileHost, ThatSendsCallersAwayForWeeks) {
  IsolatedStore store(Doing("retry"));
  const Status probed = store.health()->Probe(Soon());
  EXPECT_THAT(probed, HasCode(Code::kUnavailable));
  EXPECT_EQ(probed.error().retry_after(), kLongestRetry);
}

// What it says of its queue is no longer than the call took.
TEST_F(HostileHost, ThatPretendsAnEndlessQueue) {
  IsolatedStore store(Doing("queued"));
  ASSERT_OK_AND_ASSIGN(const auto signer, store.Open({.object_label = "k"}, Soon()));
  SignTimes times;
  const Share share;
  const auto began = std::chrono::steady_clock::now();
  EXPECT_THAT(signer->SignFor({.deadline = Soon(), .share = share, .times = &times}, SignatureScheme::kEcdsaSha256,
                              Bytes(32, 7)),
              testing::IsOk());
  EXPECT_LE(times.queued + times.device, std::chrono::steady_clock::now() - began);
  EXPECT_GE(times.device.count(), 0);
}

TEST_F(HostileHost, ThatListsWithoutEnd) {
  IsolatedStore store(Doing("list"));
  EXPECT_THAT(store.List(Soon()), HasReason(kReasonHostLost));
}

TEST_F(HostileHost, ThatAnswersNothingDuringSetup) {
  EXPECT_THAT(HostProcess::Start(Doing("silent-setup"), After(std::chrono::milliseconds(200))),
              HasReason(kReasonHostHung));
}

TEST_F(HostileHost, ThatAnswersNoCall) {
  HostOptions options = Doing("silent");
  options.grace = std::chrono::milliseconds(50);
  IsolatedStore store(options);
  EXPECT_THAT(store.health()->Probe(After(std::chrono::milliseconds(100))), HasReason(kReasonHostHung));
}

}  // namespace
}  // namespace rootkeep::isolated
