// Keys made in two phases, with a process that dies at each step and a token that fails at each.
#include "keystore/catalog/catalogued_store.h"
#include "tests/unit/keystore/catalog/catalog_fixture.h"

namespace rootkeep::testing {
namespace {

enum class Fault { kNone, kDieBefore, kDieAfter, kFailBefore, kFailAfter, kFailAfterAndHide };

// Passes on to a real store, and fails or ends the process around its Create.
class FaultyStore final : public KeyStore {
 public:
  FaultyStore(std::shared_ptr<KeyStore> store, Fault fault) : store_(std::move(store)), fault_(fault) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    return store_->Open(uri, deadline);
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override {
    if (fault_ == Fault::kDieBefore) _exit(kDied);
    if (fault_ == Fault::kFailBefore) return Unavailable("the token refused");
    auto made = store_->Create(spec, deadline);
    if (fault_ == Fault::kDieAfter) _exit(kDied);
    hidden_ = fault_ == Fault::kFailAfterAndHide;
    if (fault_ != Fault::kNone) return Unavailable("the answer was lost");
    return made;
  }
  Result<std::vector<KeyInfo>> List(Deadline deadline) override {
    if (hidden_) return Unavailable("the token is away");
    return store_->List(deadline);
  }

 private:
  std::shared_ptr<KeyStore> store_;
  const Fault fault_;
  bool hidden_ = false;
};

class CreationTest : public CatalogFixture {
 protected:
  Result<KeyInfo> Create(Fault fault = Fault::kNone, const KeySpec& spec = {.name = "web"}) {
    RK_TRY(std::shared_ptr<Catalog> catalog, Catalog::Open(path_));
    auto faulty = std::make_shared<FaultyStore>(hsm_.OpenStore(), fault);
    return CataloguedStore(faulty, catalog, token_, clock_).Create(spec, Soon());
  }

  void CreateAndDie(Fault fault) {
    Die([&] { (void)Create(fault); });
  }

  std::optional<CatalogEntry> Row() const { return FindRow(); }
};

TEST_F(CreationTest, MakesAnActiveRowWithThePublicKey) {
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Create());
  ASSERT_TRUE(Row().has_value());
  EXPECT_EQ(Row()->state, KeyState::kActive);
  EXPECT_EQ(Row()->key->public_key, made.public_key);
  EXPECT_EQ(Row()->key->facts, made.custody);
  EXPECT_EQ(Row()->token.serial, made.device.serial);
  EXPECT_THAT(Create(), HasCode(Code::kAlreadyExists));
  EXPECT_EQ(KeysInToken(), 1U);
}

TEST_F(CreationTest, ADeathBeforeTheTokenLeavesARowThatTheNextCreationTakes) {
  CreateAndDie(Fault::kDieBefore);
  EXPECT_EQ(Row()->state, KeyState::kPending);
  EXPECT_EQ(KeysInToken(), 0U);
  EXPECT_EQ(Found(), Finding::kPendingNoKey);
  ASSERT_THAT(Create(), IsOk());
  EXPECT_EQ(Row()->state, KeyState::kActive);
  EXPECT_EQ(KeysInToken(), 1U);
}

TEST_F(CreationTest, ADeathAfterTheTokenLeavesAKeyThatTheNextCreationTakes) {
  CreateAndDie(Fault::kDieAfter);
  EXPECT_EQ(Row()->state, KeyState::kPending);
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(Found(), Finding::kPendingKey);
  EXPECT_EQ(Row()->state, KeyState::kPending) << "a sweep finishes nothing";
  ASSERT_OK_AND_ASSIGN(const KeyInfo made, Create());
  EXPECT_EQ(Row()->state, KeyState::kActive);
  EXPECT_EQ(Row()->key->public_key, made.public_key);
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(Found(), Finding::kAsCatalogued);
}

TEST_F(CreationTest, AnInterruptedCreationIsFinishedOnlyAsItWasAskedFor) {
  CreateAndDie(Fault::kDieAfter);
  EXPECT_THAT(Create(Fault::kNone, {.type = KeyType::kEcP384, .name = "web"}), HasCode(Code::kAlreadyExists));
  EXPECT_THAT(Create(Fault::kNone, {.name = "web", .custody = CustodyLevel::kHsmBackup}),
              HasCode(Code::kAlreadyExists));
  EXPECT_EQ(Row()->state, KeyState::kPending);
}

TEST_F(CreationTest, ARefusalOfTheTokenTakesTheRowBack) {
  EXPECT_THAT(Create(Fault::kFailBefore), Says("refused"));
  EXPECT_FALSE(Row().has_value());
  EXPECT_EQ(KeysInToken(), 0U);
}

TEST_F(CreationTest, WhateverIsInDoubtStaysPending) {
  EXPECT_THAT(Create(Fault::kFailAfter), Says("lost"));
  EXPECT_EQ(Row()->state, KeyState::kPending);
  ASSERT_THAT(Create(), IsOk());
  EXPECT_EQ(KeysInToken(), 1U);
}

TEST_F(CreationTest, AnAnswerThatWasLostWithTheTokenStaysPending) {
  EXPECT_THAT(Create(Fault::kFailAfterAndHide), Says("lost"));
  EXPECT_EQ(Row()->state, KeyState::kPending);
}

TEST_F(CreationTest, AKeyThatTheCatalogueDoesNotKnowIsNeverTaken) {
  ASSERT_THAT(hsm_.OpenStore()->Create({.name = "web"}, Soon()), IsOk());
  EXPECT_THAT(Create(), HasCode(Code::kAlreadyExists));
  EXPECT_FALSE(Row().has_value());
  EXPECT_EQ(KeysInToken(), 1U);
}

TEST_F(CreationTest, AKeyOfLesserCustodyIsNotTakenForTheInterruptedOne) {
  CreateAndDie(Fault::kDieBefore);
  ASSERT_THAT(hsm_.OpenStore()->Create({.name = "web", .custody = CustodyLevel::kHsmBackup}, Soon()), IsOk());
  EXPECT_THAT(Create(), HasReason("custody"));
  EXPECT_EQ(Row()->state, KeyState::kPending);
}

}  // namespace
}  // namespace rootkeep::testing
