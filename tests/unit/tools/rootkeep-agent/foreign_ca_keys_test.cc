// Keys that another CA replaces, in a real token: how many are left of them, and which.
#include "tools/rootkeep-agent/foreign_ca_keys.h"

#include <sys/stat.h>

#include <atomic>
#include <latch>
#include <limits>
#include <thread>
#include <utility>

#include "keystore/catalog/catalogued_store.h"
#include "keystore/keysocket/wire/reasons.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tools/rootkeep-agent/making_store.h"

namespace rootkeep::agent {
namespace {

using std::chrono::hours;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::SoftHsm;
using ::testing::UnorderedElementsAre;

constexpr std::chrono::seconds kPatience{30};
constexpr std::size_t kKeep = 5;
constexpr char kName[] = "prod.ca-b";

class ForeignCaKeysTest : public ::testing::Test {
 protected:
  ForeignCaKeysTest() { Restart(); }

  // As an agent that starts anew on the same token and catalogue.
  void Restart() {
    store.reset();
    keys = std::make_unique<ForeignCaKeys>(Path(), ReplacedKeysPolicy{.grace = hours(48), .keep = kKeep}, clock);
    store = std::make_unique<MakingStore>(token, Path(), name, clock, permits, *keys);
  }
  [[nodiscard]] std::string Path() const { return hsm.directory() + "/keys.db"; }
  [[nodiscard]] std::unique_ptr<Catalog> Catalogue() const { return Catalog::Open(Path()).value(); }
  [[nodiscard]] CatalogEntry RowOf(std::uint32_t generation) const {
    return Catalogue()->Find(Label(generation)).value().value();
  }
  static std::string Label(std::uint32_t generation) {
    return KeyLabel({.use = KeyUse::kForeignCa, .name = kName, .generation = generation}).value();
  }
  [[nodiscard]] std::vector<std::string> InToken() const {
    std::vector<std::string> labels;
    const std::vector<KeyInfo> keys_there = token->List(After(kPatience)).value();
    for (const KeyInfo& key : keys_there) labels.push_back(key.label);
    return labels;
  }

  // The next key of the name, which signs so many times.
  Result<KeyInfo> Make(int signatures, const std::string& of = kName) {
    RK_TRY(KeyInfo key, store->Create({.use = KeyUse::kForeignCa, .name = of, .generation = keysocket::kNextGeneration},
                                      After(kPatience)));
    RK_RETURN_IF_ERROR(Sign(key, signatures));
    return key;
  }
  Status Sign(const KeyInfo& key, int signatures) {
    RK_TRY(const auto signer, store->Open(key.uri, After(kPatience)));
    for (int i = 0; i < signatures; ++i) {
      RK_TRY(const Bytes made, signer->Sign(SignatureScheme::kEcdsaSha256, Bytes(32), After(kPatience)));
    }
    return Ok();
  }

  SoftHsm hsm;
  testing::ManualClock clock{1'800'000'000};
  KeyPermits permits;
  const TokenName name{.label = SoftHsm::kLabel, .serial = {}};
  const std::shared_ptr<KeyStore> token = hsm.OpenStore();
  std::unique_ptr<ForeignCaKeys> keys;
  std::unique_ptr<MakingStore> store;
};

TEST_F(ForeignCaKeysTest, TwoHundredFailedRotationsLeaveAFewKeysAndTheOneInUse) {
  ASSERT_THAT(Make(ForeignCaKeys::kOwnSignatures + 1), IsOk());
  for (int i = 0; i < 200; ++i) {
    // A mint that failed, one whose answer was bad, and a JWT key that nobody took.
    ASSERT_THAT(Make(i % 3), IsOk()) << i;
    clock.Advance(std::chrono::seconds(10));
    if (i % 50 == 0) {
      ASSERT_LE(InToken().size(), kKeep);
    }
  }
  keys->Round(*token, name);
  EXPECT_THAT(InToken(), UnorderedElementsAre(Label(1), Label(198), Label(199), Label(200), Label(201)));
  EXPECT_EQ(RowOf(1).state, KeyState::kRetired) << "others rely on what it signed, and on nothing newer";
  EXPECT_EQ(RowOf(201).state, KeyState::kActive);
  EXPECT_EQ(RowOf(190).state, KeyState::kDestroyed);
  EXPECT_LE(Catalogue()->List()->size(), kRememberedKeys + kKeep + 1) << "rows do not grow without end either";
}

TEST_F(ForeignCaKeysTest, QuickRotationsAreBoundedTooAndNeverRefused) {
  for (int i = 0; i < 20; ++i) ASSERT_THAT(Make(ForeignCaKeys::kOwnSignatures + 5), IsOk()) << i;
  EXPECT_EQ(InToken().size(), kKeep);
  EXPECT_EQ(RowOf(19).state, KeyState::kRetired);
}

TEST_F(ForeignCaKeysTest, AReplacedKeyIsDestroyedWhenItsGraceIsOver) {
  ASSERT_THAT(Make(5), IsOk());
  ASSERT_THAT(Make(1), IsOk());
  EXPECT_EQ(RowOf(1).retired_at, clock.Now());
  clock.Advance(hours(47));
  keys->Round(*token, name);
  EXPECT_EQ(RowOf(1).state, KeyState::kRetired);
  clock.Advance(hours(1));
  keys->Round(*token, {.label = "another token", .serial = {}});
  EXPECT_EQ(RowOf(1).state, KeyState::kRetired) << "it is in this one";
  keys->Round(*token, name);
  EXPECT_EQ(RowOf(1).state, KeyState::kDestroyed);
  EXPECT_THAT(InToken(), UnorderedElementsAre(Label(2)));
  clock.Advance(hours(10'000));
  keys->Round(*token, name);
  EXPECT_EQ(RowOf(2).state, KeyState::kActive) << "the newest stays, however old it is";
}

TEST_F(ForeignCaKeysTest, UseIsOnRecordBeforeTheSignatureThatOthersMayRelyOn) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, Make(ForeignCaKeys::kOwnSignatures));
  EXPECT_FALSE(RowOf(1).used_at);
  ASSERT_THAT(Sign(key, 1), IsOk());
  EXPECT_TRUE(RowOf(1).used_at);
  // Of a key from before the restart nobody knows how often it signed.
  ASSERT_OK_AND_ASSIGN(const KeyInfo second, Make(0));
  Restart();
  ASSERT_THAT(Sign(second, 1), IsOk());
  EXPECT_TRUE(RowOf(2).used_at);
  // What cannot be written down is not signed.
  ASSERT_OK_AND_ASSIGN(const KeyInfo third, Make(ForeignCaKeys::kOwnSignatures));
  ASSERT_EQ(chmod(Path().c_str(), 0644), 0);
  EXPECT_THAT(Sign(third, 1), HasReason("file_mode"));
  ASSERT_EQ(chmod(Path().c_str(), 0600), 0);
  EXPECT_THAT(Sign(third, 1), IsOk());
}

TEST_F(ForeignCaKeysTest, WhatAnInterruptedCreationLeftIsRetired) {
  // As when the agent died between the new key's row and the old one's.
  CataloguedStore made_before(token, Catalogue(), name, clock, {"rootkeep-agent"}, {}, "rootkeep-agent");
  for (const std::uint32_t generation : {1U, 2U}) {
    ASSERT_THAT(
        made_before.Create({.use = KeyUse::kForeignCa, .name = kName, .generation = generation}, After(kPatience)),
        IsOk());
  }
  EXPECT_EQ(RowOf(1).state, KeyState::kActive);
  keys->Round(*token, name);
  EXPECT_EQ(RowOf(1).state, KeyState::kRetired);
  EXPECT_EQ(RowOf(2).state, KeyState::kActive);
}

TEST_F(ForeignCaKeysTest, AnUnfinishedKeyOfAnotherTypeIsNotInTheWay) {
  const KeySpec interrupted{.type = KeyType::kEcP384, .use = KeyUse::kForeignCa, .name = kName};
  ASSERT_THAT(Catalogue()->Intend(interrupted, name, {"rootkeep-agent"}, clock.Now(), "rootkeep-agent"), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Make(1));
  EXPECT_EQ(made.label, Label(2));
  ASSERT_OK_AND_ASSIGN(const KeyInfo next, Make(1));
  EXPECT_EQ(next.label, Label(3));
  EXPECT_EQ(RowOf(1).state, KeyState::kPending) << "an operator's to look at";
}

TEST_F(ForeignCaKeysTest, AnUnfinishedKeyInATokenThatIsGoneIsNotInTheWay) {
  const KeySpec interrupted{.use = KeyUse::kForeignCa, .name = kName};
  const TokenName gone{.label = "gone", .serial = {}};
  ASSERT_THAT(Catalogue()->Intend(interrupted, gone, {"rootkeep-agent"}, clock.Now(), "rootkeep-agent"), IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Make(1));
  EXPECT_EQ(made.label, Label(2));
  ASSERT_THAT(Catalogue()->Intend({.use = KeyUse::kForeignCa, .name = kName, .generation = 3}, name, {"rootkeep-agent"},
                                  clock.Now()),
              IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo next, Make(1));
  EXPECT_EQ(next.label, Label(4)) << "nor is one that somebody else was making";
}

TEST_F(ForeignCaKeysTest, NobodyUsesUpTheNumbersOfAName) {
  const auto make = [this](std::uint32_t generation) {
    return store->Create({.use = KeyUse::kForeignCa, .name = kName, .generation = generation}, After(kPatience));
  };
  EXPECT_THAT(make(std::numeric_limits<std::uint32_t>::max()), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(make(2), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(make(1), IsOk());
  EXPECT_THAT(make(2), IsOk());
  EXPECT_THAT(make(2), HasCode(Code::kAlreadyExists));
}

TEST_F(ForeignCaKeysTest, OtherNamesAndOthersKeysAreLeftAlone) {
  const KeySpec operators{.use = KeyUse::kForeignCa, .name = kName};
  ASSERT_THAT(CataloguedStore(token, Catalogue(), name, clock, {"rootkeep-agent"}).Create(operators, After(kPatience)),
              IsOk());
  ASSERT_THAT(Make(3, "prod.ca-a"), IsOk());
  for (int i = 0; i < 10; ++i) ASSERT_THAT(Make(1), IsOk());
  clock.Advance(hours(1000));
  keys->Round(*token, name);
  EXPECT_THAT(InToken(), UnorderedElementsAre(Label(1), Label(11), "rk/foreign-ca/prod.ca-a/1"));
  EXPECT_EQ(RowOf(1).state, KeyState::kActive) << "an operator's";
}

// A token that takes its time to make a key, until it is let go.
class SlowToken final : public KeyStore {
 public:
  explicit SlowToken(KeyStore& token) : token_(token) {}
  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    return token_.Open(uri, deadline);
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override {
    if (!began_.exchange(true)) begun.count_down();
    go.wait();
    return token_.Create(spec, deadline);
  }
  Result<std::vector<KeyInfo>> List(Deadline deadline) override { return token_.List(deadline); }

  std::latch begun{1};
  std::latch go{1};

 private:
  KeyStore& token_;
  std::atomic<bool> began_ = false;
};

// What becomes of creations that are begun while others are under way.
class Creations {
 public:
  Creations(ForeignCaKeys& keys, std::shared_ptr<KeyStore> store) : keys_(keys), store_(std::move(store)) {}

  void Begin(const std::string& of, const TokenName& token) {
    callers_.emplace_back([this, of, token] {
      const auto key =
          keys_.Create(store_, token, {.use = KeyUse::kForeignCa, .name = of, .generation = 1}, After(kPatience));
      if (key.ok()) ++made;
      if (!key.ok() && key.error().reason() == keysocket::kReasonCreations && key.error().retry_after()) ++refused;
    });
  }
  void Finish() { callers_.clear(); }

  std::atomic<unsigned> made = 0;
  std::atomic<unsigned> refused = 0;

 private:
  ForeignCaKeys& keys_;
  const std::shared_ptr<KeyStore> store_;
  std::vector<std::jthread> callers_;
};

TEST_F(ForeignCaKeysTest, CreationsInATokenThatHangsLeaveAPlaceToAnother) {
  const auto slow = std::make_shared<SlowToken>(*token);
  Creations hanging(*keys, slow);
  hanging.Begin("0", name);
  slow->begun.wait();
  // All but the last of these wait for their turn.
  for (unsigned i = 1; i <= ForeignCaKeys::kMostInOneToken; ++i) hanging.Begin(std::to_string(i), name);
  EXPECT_TRUE(testing::Eventually([&] { return hanging.refused == 1; }));

  Creations others(*keys, token);
  others.Begin("other", {.label = "another", .serial = "token"});
  others.Finish();
  EXPECT_EQ(others.made, 1U);

  slow->go.count_down();
  hanging.Finish();
  EXPECT_EQ(hanging.made, ForeignCaKeys::kMostInOneToken);
  EXPECT_THAT(Make(1), IsOk()) << "the places are free again";
}

TEST_F(ForeignCaKeysTest, WhatCannotBeDestroyedIsNotAddedTo) {
  for (std::size_t i = 0; i < kKeep; ++i) ASSERT_THAT(Make(1), IsOk());
  // Other keys under the labels of ours: none of them is touched.
  for (std::uint32_t generation = 1; generation < kKeep; ++generation) {
    ASSERT_THAT(token->deleter()->Delete({.object_label = Label(generation), .object_id = {}, .pin_source = {}},
                                         After(kPatience)),
                IsOk());
    ASSERT_THAT(token->Create({.use = KeyUse::kForeignCa, .name = kName, .generation = generation}, After(kPatience)),
                IsOk());
  }
  EXPECT_THAT(Make(1), HasReason("replaced_keys"));
  EXPECT_EQ(InToken().size(), kKeep);
}

}  // namespace
}  // namespace rootkeep::agent
