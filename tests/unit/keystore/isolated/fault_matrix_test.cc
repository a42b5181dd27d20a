// What becomes of each operation when the vendor's module hangs or crashes in it, and how soon it works again after
// that: with everything else a module can do, tests/unit/keystore/pkcs11/fault_matrix_test.cc.
#include <fmt/format.h>

#include <array>
#include <chrono>

#include "keystore/isolated/backend/isolated_store.h"
#include "keystore/isolated/backend/supervisor.h"
#include "tests/support/chaos.h"
#include "tests/support/eventually.h"
#include "tests/support/isolated.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::Eventually;
using testing::HasCode;
using testing::IsOk;

Deadline Soon() { return After(seconds(30)); }

// Each with a call of the module's that it makes.
struct Operation {
  const char* name;
  const char* function;
  Status (*run)(KeyStore& store, const KeyInfo& key, const Signer& signer, Deadline deadline);
};

template <typename T>
Status StatusOf(const Result<T>& result) {
  return result.ok() ? Ok() : Status(result.error());
}

const Bytes kDigest(32, 7);

Status Create(KeyStore& store, const KeyInfo& /*key*/, const Signer& /*signer*/, Deadline deadline) {
  static int made = 0;
  return StatusOf(store.Create({.use = KeyUse::kApp, .name = fmt::format("key{}", ++made)}, deadline));
}
Status Open(KeyStore& store, const KeyInfo& key, const Signer& /*signer*/, Deadline deadline) {
  return StatusOf(store.Open(key.uri, deadline));
}
Status Sign(KeyStore& /*store*/, const KeyInfo& key, const Signer& signer, Deadline deadline) {
  RK_TRY(const Bytes signature, signer.Sign(SignatureScheme::kEcdsaSha256, kDigest, deadline));
  return key.public_key.Verify(SignatureScheme::kEcdsaSha256, kDigest, signature);
}
Status List(KeyStore& store, const KeyInfo& /*key*/, const Signer& /*signer*/, Deadline deadline) {
  return StatusOf(store.List(deadline));
}
Status Health(KeyStore& store, const KeyInfo& /*key*/, const Signer& /*signer*/, Deadline deadline) {
  return store.health()->Probe(deadline);
}

constexpr std::array kOperations{
    Operation{"Create", "C_GenerateKeyPair", Create},
    Operation{"Open", "C_FindObjectsInit", Open},
    Operation{"Sign", "C_Sign", Sign},
    Operation{"List", "C_FindObjectsInit", List},
    Operation{"Health", "C_GetSessionInfo", Health},
};

class IsolatedFaultMatrix : public ::testing::TestWithParam<std::tuple<const char*, Operation>> {
 protected:
  // Shorter than a daemon's, so that a hang does not take seconds.
  static constexpr milliseconds kDeadline{300};
  static constexpr milliseconds kPatience{100};
  static constexpr milliseconds kGrace{200};
  // A new process has to be started.
  static constexpr seconds kRecovery{1};

  void SetUp() override {
    HostOptions options = testing::HostOptionsFor(hsm_);
    const auto chaos = chaos_.Environment(options.setup.module_path);
    options.setup.environment.insert(options.setup.environment.end(), chaos.begin(), chaos.end());
    options.setup.module_path = testing::Chaos::ModulePath();
    options.patience = kPatience;
    options.grace = kGrace;
    store_ = testing::IsolatedStoreOf(std::move(options));
    ASSERT_OK_AND_ASSIGN(key_, store_->Create({.use = KeyUse::kApp, .name = "key"}, Soon()));
    ASSERT_OK_AND_ASSIGN(signer_, store_->Open(key_->uri, Soon()));
  }

  Status Do(const Operation& operation, Deadline deadline) { return operation.run(*store_, *key_, *signer_, deadline); }

  testing::SoftHsm hsm_;
  testing::Chaos chaos_;
  std::shared_ptr<KeyStore> store_;
  std::optional<KeyInfo> key_;
  std::shared_ptr<const Signer> signer_;
};

TEST_P(IsolatedFaultMatrix, IsRefusedInTimeAndRecovers) {
  const auto& [fault, operation] = GetParam();
  ASSERT_THAT(Sign(*store_, *key_, *signer_, Soon()), IsOk());
  chaos_.Set(fmt::format("{} {}", fault, operation.function));
  const auto began = steady_clock::now();
  EXPECT_THAT(Do(operation, After(kDeadline)), HasCode(Code::kUnavailable));
  EXPECT_LT(steady_clock::now() - began, kDeadline + kGrace + kRecovery);
  EXPECT_FALSE(chaos_.Faults(fault).empty());
  chaos_.Clear();
  const auto cleared = steady_clock::now();
  EXPECT_TRUE(Eventually([&] { return Do(operation, Soon()).ok(); }));
  const auto took = steady_clock::now() - cleared;
  EXPECT_LT(took, kRecovery);
  RecordProperty("recovery_us", static_cast<int>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  EXPECT_THAT(Sign(*store_, *key_, *signer_, Soon()), IsOk());
}

INSTANTIATE_TEST_SUITE_P(Faults, IsolatedFaultMatrix,
                         ::testing::Combine(::testing::Values("hang", "crash"), ::testing::ValuesIn(kOperations)),
                         [](const auto& test) {
                           return std::string(std::get<0>(test.param)) + std::get<1>(test.param).name;
                         });

}  // namespace
}  // namespace rootkeep::isolated
