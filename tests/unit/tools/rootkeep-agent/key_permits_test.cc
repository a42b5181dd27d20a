// What the catalogue says about a key while it is being made: with keys in a real token.
#include "tools/rootkeep-agent/key_permits.h"

#include "keystore/catalog/catalog.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tools/rootkeep-agent/making_store.h"

namespace rootkeep::agent {
namespace {

using testing::HasReason;
using testing::IsOk;

constexpr std::chrono::seconds kPatience{30};

// A token behind whose every new key the catalogue is read before it says that the key is there, as the agent
// does now and then.
class ReadMeanwhile final : public KeyStore {
 public:
  ReadMeanwhile(std::shared_ptr<KeyStore> token, std::string catalog_path, KeyPermits& permits)
      : token_(std::move(token)), catalog_path_(std::move(catalog_path)), permits_(permits) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    return token_->Open(uri, deadline);
  }
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override {
    RK_TRY(const auto catalog, Catalog::OpenExisting(catalog_path_));
    RK_TRY(rows, catalog->List());
    permits_.Set(rows);
    return token_->Create(spec, deadline);
  }
  Result<std::vector<KeyInfo>> List(Deadline deadline) override { return token_->List(deadline); }

  std::vector<CatalogEntry> rows;  // as they were read last

 private:
  const std::shared_ptr<KeyStore> token_;
  const std::string catalog_path_;
  KeyPermits& permits_;
};

class KeyPermitsTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Catalog> Catalogue() const {
    return Catalog::Open(hsm.directory() + "/keys.db").value();
  }
  [[nodiscard]] Status Check(const KeyInfo& key) const { return permits.Check(keysocket::SocketOptions{}, key); }

  testing::SoftHsm hsm;
  const testing::ManualClock clock{1'800'000'000};
  KeyPermits permits;
};

TEST_F(KeyPermitsTest, AKeyThatThisAgentMadeIsNotPendingHoweverLateItsRowIsRead) {
  const auto token = std::make_shared<ReadMeanwhile>(hsm.OpenStore(), hsm.directory() + "/keys.db", permits);
  ForeignCaKeys foreign_ca_keys(hsm.directory() + "/keys.db", {}, clock);
  MakingStore store(token, hsm.directory() + "/keys.db", {.label = testing::SoftHsm::kLabel, .serial = {}}, clock,
                    permits, foreign_ca_keys);
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, store.Create({.use = KeyUse::kApp, .name = "web"}, After(kPatience)));
  ASSERT_EQ(token->rows.size(), 1U);
  ASSERT_EQ(token->rows.front().state, KeyState::kPending);
  EXPECT_THAT(Check(key), IsOk()) << "at once";
  permits.Set(token->rows);
  EXPECT_THAT(Check(key), IsOk()) << "also when a reading that began before comes late";

  permits.Set(Catalogue()->List().value());
  EXPECT_THAT(Check(key), IsOk());
  ASSERT_THAT(Catalogue()->Retire(key.label, clock.Now()), IsOk());
  permits.Set(Catalogue()->List().value());
  EXPECT_THAT(Check(key), HasReason("key_state")) << "from then on its row says what holds";
}

TEST_F(KeyPermitsTest, AKeyWhoseMakerDidNotFinishIsPending) {
  const KeySpec spec{.use = KeyUse::kApp, .name = "web"};
  ASSERT_THAT(
      Catalogue()->Intend(spec, {.label = testing::SoftHsm::kLabel, .serial = {}}, {"rootkeep-agent"}, clock.Now()),
      IsOk());
  ASSERT_OK_AND_ASSIGN(const KeyInfo key, hsm.OpenStore()->Create(spec, After(kPatience)));
  permits.Set(Catalogue()->List().value());
  EXPECT_THAT(Check(key), HasReason("key_pending"));
  permits.Finished("rk/app/other/1");
  EXPECT_THAT(Check(key), HasReason("key_pending")) << "another key's end says nothing of this one";
}

}  // namespace
}  // namespace rootkeep::agent
