// Keys destroyed in two phases, with a process that dies at each step and a token that fails at each.
#include "keystore/catalog/destruction.h"

#include "keystore/catalog/catalogued_store.h"
#include "tests/unit/keystore/catalog/catalog_fixture.h"

namespace rootkeep::testing {
namespace {

enum class Fault { kNone, kDieBefore, kDieAfter, kFailBefore, kFailAfter, kDoNothing };

// Passes on to a real store, and fails or ends the process around its Delete.
class FaultyStore final : public KeyStore, public KeyDeleter {
 public:
  FaultyStore(std::shared_ptr<KeyStore> store, Fault fault) : store_(std::move(store)), fault_(fault) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    return store_->Open(uri, deadline);
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override { return store_->Create(spec, deadline); }
  Result<std::vector<KeyInfo>> List(Deadline deadline) override { return store_->List(deadline); }
  KeyDeleter* deleter() override { return this; }

  Status Delete(const KeyUri& uri, Deadline deadline) override {
    if (fault_ == Fault::kDieBefore) _exit(kDied);
    if (fault_ == Fault::kFailBefore) return Unavailable("the token refused");
    if (fault_ == Fault::kDoNothing) return Ok();
    Status done = store_->deleter()->Delete(uri, deadline);
    if (fault_ == Fault::kDieAfter) _exit(kDied);
    if (fault_ == Fault::kFailAfter) return Unavailable("the answer was lost");
    return done;
  }
  Status DeleteRemains(const KeyRemains& remains, Deadline deadline) override {
    return store_->deleter()->DeleteRemains(remains, deadline);
  }

 private:
  std::shared_ptr<KeyStore> store_;
  const Fault fault_;
};

class DestructionTest : public CatalogFixture {
 protected:
  KeyInfo Create() {
    return CataloguedStore(hsm_.OpenStore(), OpenCatalog(), token_, clock_).Create({.name = "web"}, Soon()).value();
  }
  void Retire() const { ASSERT_THAT(OpenCatalog()->Retire(kLabel, clock_.Now()), IsOk()); }

  Status Destroy(Fault fault = Fault::kNone) {
    FaultyStore store(hsm_.OpenStore(), fault);
    return DestroyKey(*OpenCatalog(), store, token_, kLabel, clock_, Soon());
  }

  void DestroyAndDie(Fault fault) {
    Die([&] { (void)Destroy(fault); });
  }

  CatalogEntry Row() const { return FindRow().value(); }
};

TEST_F(DestructionTest, DestroysARetiredKeyAndKeepsItsDates) {
  Create();
  Retire();
  clock_.Advance(std::chrono::seconds(5));
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(KeysInToken(), 0U);
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
  EXPECT_EQ(Row().retired_at, FromUnixSeconds(1'800'000'000));
  EXPECT_EQ(Row().destroyed_at, FromUnixSeconds(1'800'000'005));
  EXPECT_EQ(Found(), Finding::kAsCatalogued);
  EXPECT_THAT(Destroy(), HasReason("key_state"));
}

TEST_F(DestructionTest, TouchesNoKeyThatIsNotRetired) {
  EXPECT_THAT(Destroy(), HasCode(Code::kNotFound));
  Create();
  EXPECT_THAT(Destroy(), HasReason("key_state"));
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(Row().destroy_ordered_at, std::nullopt);
  ASSERT_THAT(OpenCatalog()->MarkMissing(kLabel, clock_.Now()), IsOk());
  EXPECT_THAT(Destroy(), HasReason("key_state"));
}

TEST_F(DestructionTest, ADeathBeforeTheTokenIsReportedAndFinished) {
  Create();
  Retire();
  ASSERT_NO_FATAL_FAILURE(DestroyAndDie(Fault::kDieBefore));
  EXPECT_EQ(Row().state, KeyState::kRetired);
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(Found(), Finding::kDestroyBegun);
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(KeysInToken(), 0U);
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
}

TEST_F(DestructionTest, ADeathAfterTheTokenIsReportedAndFinished) {
  Create();
  Retire();
  ASSERT_NO_FATAL_FAILURE(DestroyAndDie(Fault::kDieAfter));
  EXPECT_EQ(KeysInToken(), 0U);
  EXPECT_EQ(Found(), Finding::kDestroyDone);
  EXPECT_EQ(Row().state, KeyState::kRetired) << "a sweep finishes nothing, and calls it not missing";
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
}

TEST_F(DestructionTest, ATokenThatFailsLeavesTheOrder) {
  Create();
  Retire();
  EXPECT_THAT(Destroy(Fault::kFailBefore), HasCode(Code::kUnavailable));
  EXPECT_EQ(Row().state, KeyState::kRetired);
  EXPECT_EQ(Found(), Finding::kDestroyBegun);
  EXPECT_THAT(Destroy(Fault::kFailAfter), HasCode(Code::kUnavailable));
  EXPECT_EQ(Row().state, KeyState::kRetired);
  EXPECT_EQ(Found(), Finding::kDestroyDone);
  EXPECT_THAT(Destroy(), IsOk());
}

TEST_F(DestructionTest, ATokenThatOnlySaysSoIsNotBelieved) {
  Create();
  Retire();
  EXPECT_THAT(Destroy(Fault::kDoNothing), HasReason("key_there"));
  EXPECT_EQ(Row().state, KeyState::kRetired);
}

TEST_F(DestructionTest, NeverDestroysAnotherKey) {
  const KeyInfo key = Create();
  Retire();
  const auto store = hsm_.OpenStore();
  ASSERT_THAT(store->deleter()->Delete(key.uri, Soon()), IsOk());
  ASSERT_THAT(store->Create({.name = "web"}, Soon()), IsOk());
  EXPECT_THAT(Destroy(), HasReason("key_another"));
  EXPECT_EQ(KeysInToken(), 1U);
  EXPECT_EQ(Row().destroy_ordered_at, std::nullopt);
}

TEST_F(DestructionTest, NotInAnotherToken) {
  Create();
  Retire();
  EXPECT_THAT(
      DestroyKey(*OpenCatalog(), *hsm_.OpenStore(), {.label = "other", .serial = "ffff"}, kLabel, clock_, Soon()),
      HasReason("key_token"));
  EXPECT_EQ(KeysInToken(), 1U);
}

TEST_F(DestructionTest, ARetiredKeyThatIsMissingIsDestroyedWhenTheTokenSaysSo) {
  const KeyInfo key = Create();
  Retire();
  ASSERT_THAT(hsm_.OpenStore()->deleter()->Delete(key.uri, Soon()), IsOk());
  EXPECT_EQ(Found(), Finding::kMissing);
  EXPECT_EQ(Row().state, KeyState::kMissing);
  ASSERT_THAT(Destroy(), IsOk());
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
  EXPECT_EQ(Found(), Finding::kAsCatalogued);
}

TEST_F(DestructionTest, AStoreThatDeletesNothingIsAskedNothing) {
  Create();
  Retire();
  // A catalogued store deletes nothing behind the catalogue's back.
  CataloguedStore store(hsm_.OpenStore(), OpenCatalog(), token_, clock_);
  EXPECT_THAT(DestroyKey(*OpenCatalog(), store, token_, kLabel, clock_, Soon()), HasCode(Code::kUnimplemented));
  EXPECT_EQ(Row().destroy_ordered_at, std::nullopt);
}

}  // namespace
}  // namespace rootkeep::testing
