// What becomes of each operation under each fault, and how soon it works again after it: the table is the promise.
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ostream>

#include "keystore/pkcs11/quirks.h"
#include "keystore/pkcs11/reasons.h"
#include "tests/unit/keystore/pkcs11/chaos_fixture.h"

namespace rootkeep::pkcs11 {
namespace {

using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;
using rootkeep::testing::SoftHsm;

constexpr std::chrono::seconds kRecovery{1};

enum class Outcome {
  kUnseen,   // done, as if nothing had happened
  kAway,     // UNAVAILABLE
  kBusy,     // RESOURCE_EXHAUSTED
  kRefused,  // FAILED_PRECONDITION: an operator has to look
  kLatched,  // the same, because the PIN was refused: not sent again until the operator says so
  kLying,    // DATA_LOSS: what the token gave is not what it was asked for
};

enum class Operation { kCreate, kOpen, kSign, kList, kHealth };
constexpr std::array kOperations{Operation::kCreate, Operation::kOpen, Operation::kSign, Operation::kList,
                                 Operation::kHealth};
constexpr std::array<const char*, kOperations.size()> kOperationNames{"Create", "Open", "Sign", "List", "Health"};

// How a failing case is named in the output.
void PrintTo(Outcome outcome, std::ostream* out) {
  constexpr std::array kNames{"done", "away", "busy", "refused", "latched", "lying"};
  *out << kNames.at(static_cast<std::size_t>(outcome));
}

struct Fault {
  const char* name;
  const char* scenario;
  std::array<Outcome, kOperations.size()> outcomes;  // in the order of kOperations
};

using enum Outcome;

constexpr auto kFaults = std::to_array<Fault>({
    // One bad call. C_GenerateKeyPair alone is not tried again: nobody knows whether there is a key now.
    {"SessionLostOnce", "lose-sessions * times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"SessionInvalidOnce", "fail * CKR_SESSION_HANDLE_INVALID times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"DeviceErrorOnce", "fail * CKR_DEVICE_ERROR times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"GeneralErrorOnce", "fail * CKR_GENERAL_ERROR times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"FunctionFailedOnce", "fail * CKR_FUNCTION_FAILED times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"LoggedOutOnce", "fail * CKR_USER_NOT_LOGGED_IN times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"NotInitialisedOnce",
     "fail * CKR_CRYPTOKI_NOT_INITIALIZED times=1",
     {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"GenerateFailsOnce",
     "fail C_GenerateKeyPair CKR_DEVICE_ERROR times=1",
     {kAway, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"Full", "fail C_GenerateKeyPair CKR_DEVICE_MEMORY", {kBusy, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"NotPermittedOnce",
     "fail C_SignInit CKR_KEY_FUNCTION_NOT_PERMITTED times=1",
     {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    // As long as it lasts.
    {"TokenAway", "token-away", {kAway, kAway, kAway, kAway, kAway}},
    {"TokenAwayAsDeviceError", "token-away sessions=CKR_DEVICE_ERROR", {kAway, kAway, kAway, kAway, kAway}},
    {"EveryCallFails", "fail * CKR_FUNCTION_FAILED", {kAway, kAway, kAway, kAway, kAway}},
    {"NoMemory", "fail * CKR_HOST_MEMORY", {kBusy, kBusy, kBusy, kBusy, kBusy}},
    {"NoSessionLeft",
     "fail C_OpenSession CKR_SESSION_COUNT\nlose-sessions * times=1",
     {kBusy, kBusy, kBusy, kBusy, kBusy}},
    // One to be logged in with and one to work with, which is closed to make a key.
    {"TwoSessions", "session-limit 2\nlose-sessions * times=1", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"Slow", "delay * 5ms quiet", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"PinChanged", "refuse-pin\nlose-sessions * times=1", {kLatched, kLatched, kLatched, kLatched, kLatched}},
    {"Renumbered", "slot-offset 7", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    {"SignFails", "fail C_Sign CKR_DEVICE_ERROR", {kUnseen, kUnseen, kAway, kUnseen, kUnseen}},
    {"NotPermitted", "fail C_SignInit CKR_KEY_FUNCTION_NOT_PERMITTED", {kUnseen, kUnseen, kAway, kUnseen, kUnseen}},
    // Leading zeros are no lie: what is returned is DER.
    {"LongSignature", "signature C_Sign long", {kUnseen, kUnseen, kUnseen, kUnseen, kUnseen}},
    // A token that lies. Its first signature after a connect is checked by the signer, each of the others by whoever
    // is to release it, as in Sign below.
    {"FlippedSignature", "signature C_Sign flip", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"SwappedSignature", "signature C_Sign swap", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"ZeroR", "signature C_Sign zero-r", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"ZeroS", "signature C_Sign zero-s", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"LargeSignature", "signature C_Sign max", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"OtherKeySigns", "other-key C_SignInit", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"ShortSignature", "signature C_Sign short", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"OverrunSignature", "signature C_Sign overrun", {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    // Another key answers to the name when it has to be found again; whoever opens the name now opens that one.
    {"KeySwapped",
     "swap-key label:rk/app/key/1 label:rk/app/other/1\nlose-sessions C_Sign times=1",
     {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
    {"PrivateHalfSwapped",
     "swap-key label:rk/app/key/1 label:rk/app/other/1 class=private\nlose-sessions C_Sign times=1",
     {kUnseen, kUnseen, kLying, kUnseen, kUnseen}},
});

class FaultMatrix : public ::testing::TestWithParam<std::tuple<Fault, Operation>> {
 protected:
  void SetUp() override {
    TheChaos().Clear();
    ASSERT_THAT(store_->Create({.use = KeyUse::kApp, .name = "other"}, Soon()), IsOk());
    ASSERT_OK_AND_ASSIGN(info_, store_->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(info_->uri, Soon()));
    ASSERT_THAT(Sign(), IsOk());
    before_ = TheChaos().Log().size();
  }
  void TearDown() override { TheChaos().Clear(); }

  Status Sign() {
    RK_TRY(const Bytes signature, signer_->Sign(SignatureScheme::kEcdsaSha256, digest_, After(kRecovery)));
    return info_->public_key.Verify(SignatureScheme::kEcdsaSha256, digest_, signature);
  }

  Status Do(Operation operation) {
    const Deadline deadline = After(kRecovery);
    switch (operation) {
      case Operation::kCreate: {
        const KeySpec spec{.use = KeyUse::kApp, .name = fmt::format("key{}", ++made_)};
        auto made = store_->Create(spec, deadline);
        return made.ok() ? Ok() : Status(made.error());
      }
      case Operation::kOpen: {
        auto opened = store_->Open(info_->uri, deadline);
        return opened.ok() ? Ok() : Status(opened.error());
      }
      case Operation::kSign: return Sign();
      case Operation::kList: {
        auto listed = store_->List(deadline);
        return listed.ok() ? Ok() : Status(listed.error());
      }
      case Operation::kHealth: return store_->health()->Probe(deadline);
    }
    return Internal("no such operation");
  }

  SoftHsm hsm_{ChaosPath()};
  std::shared_ptr<KeyStore> store_ = hsm_.OpenStore();
  const Bytes digest_ = *Digest(Hash::kSha256, AsBytes("message"));
  std::optional<KeyInfo> info_;
  std::shared_ptr<const Signer> signer_;
  std::size_t before_ = 0;
  int made_ = 0;
};

Outcome OutcomeOf(const Status& status) {
  if (status.ok()) return kUnseen;
  switch (status.error().code()) {
    case Code::kUnavailable: return kAway;
    case Code::kResourceExhausted: return kBusy;
    case Code::kDataLoss: return kLying;
    default: return status.error().reason() == kReasonPinLatched ? kLatched : kRefused;
  }
}

TEST_P(FaultMatrix, EndsAsPromisedAndRecovers) {
  const auto& [fault, operation] = GetParam();
  TheChaos().Set(fault.scenario);
  const Status status = Do(operation);
  EXPECT_EQ(OutcomeOf(status), fault.outcomes[static_cast<std::size_t>(operation)])
      << (status.ok() ? "done" : status.error().ToString());
  TheChaos().Clear();
  if (OutcomeOf(status) == kLatched) {
    EXPECT_EQ(OutcomeOf(Do(operation)), kLatched) << "the token would take the PIN again, but nobody tries";
    ASSERT_THAT(hsm_.module()->pins().Forget(info_->device), IsOk());
  }
  const auto cleared = std::chrono::steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return Do(operation).ok(); }));
  const auto took = std::chrono::steady_clock::now() - cleared;
  EXPECT_LT(took, kRecovery);
  RecordProperty("recovery_us", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  EXPECT_THAT(Sign(), IsOk());
}

// What a module needs is known by its name, which this one does not say at once.
TEST(Recognition, IsTriedAgainAtTheNextConnection) {
  SoftHsm hsm{ChaosPath()};
  TheChaos().Set("fail C_GetInfo CKR_GENERAL_ERROR times=1");
  const auto store = hsm.OpenStore();
  EXPECT_EQ(TheChaos().Faults("fail").size(), 1U);
  EXPECT_FALSE(hsm.module()->quirks().making_disturbs_finding);
  EXPECT_THAT(store->List(Soon()), IsOk());
  EXPECT_TRUE(hsm.module()->quirks().making_disturbs_finding);
  TheChaos().Clear();
}

TEST(FullToken, IsNamed) {
  SoftHsm hsm{ChaosPath()};
  const auto store = hsm.OpenStore();
  TheChaos().Set("fail C_GenerateKeyPair CKR_DEVICE_MEMORY");
  const auto made = store->Create({.use = KeyUse::kApp, .name = "key"}, Soon());
  EXPECT_THAT(made, HasReason(kReasonTokenFull));
  EXPECT_THAT(made, Says("no room for another key"));
  TheChaos().Clear();
}

TEST(FullToken, SaysHowFullItIs) {
  SoftHsm hsm{ChaosPath()};
  const auto store = hsm.OpenStore();
  EXPECT_FALSE(store->space()->Space(Soon()).value()) << "SoftHSM does not";
  TheChaos().Set("token-memory 100 2000");
  const auto space = store->space()->Space(Soon()).value();
  ASSERT_TRUE(space);
  EXPECT_EQ(space->free, 100U);
  EXPECT_EQ(space->total, 2000U);
  TheChaos().Set("token-memory 2001 2000");
  EXPECT_FALSE(store->space()->Space(Soon()).value()) << "nonsense";
  TheChaos().Clear();
}

std::string NameOf(const ::testing::TestParamInfo<FaultMatrix::ParamType>& info) {
  return std::string(std::get<0>(info.param).name) + kOperationNames[static_cast<std::size_t>(std::get<1>(info.param))];
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultMatrix,
                         ::testing::Combine(::testing::ValuesIn(kFaults), ::testing::ValuesIn(kOperations)), NameOf);

}  // namespace
}  // namespace rootkeep::pkcs11
