#include "keystore/catalog/catalog.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/matchers.h"
#include "tests/support/software_signer.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

constexpr char kLabel[] = "rk/rootkeep-ca/mesh/1";

WallTime At(std::int64_t second) { return FromUnixSeconds(1'800'000'000 + second); }

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    catalog_.reset();
    auto opened = Catalog::Open(path_);
    ASSERT_THAT(opened, IsOk());
    catalog_ = std::move(*opened);
  }

  Status Intend() {
    return catalog_->Intend({.type = KeyType::kEcP256, .use = KeyUse::kRootkeepCa, .name = "mesh"},
                            {.label = "ca", .serial = ""}, {"rootkeepd", "ops"}, At(0));
  }

  KeyInfo Key() const {
    KeyInfo key = signer_.info();
    key.label = kLabel;
    key.custody = {.sensitive = true, .extractable = false, .local = true, .other_usages = "decrypt"};
    key.device = {.label = "ca", .serial = "0a1b", .manufacturer = "maker", .model = "model", .software = true};
    return key;
  }

  CatalogEntry Row() const { return catalog_->Find(kLabel).value().value(); }

  void Sql(const char* sql) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }

  TempDir dir_;
  const std::string path_ = dir_ / "keys.db";
  SoftwareSigner signer_{"P-256"};
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(CatalogTest, KeepsAllThatWasKnownAcrossAReopening) {
  ASSERT_THAT(Intend(), IsOk());
  Reopen();
  EXPECT_EQ(Row().state, KeyState::kPending);
  EXPECT_EQ(Row().created_at, At(0));
  EXPECT_FALSE(Row().key.has_value());
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  Reopen();
  const CatalogEntry row = Row();
  EXPECT_EQ(row.state, KeyState::kActive);
  EXPECT_EQ(row.named.use, KeyUse::kRootkeepCa);
  EXPECT_EQ(row.custody, CustodyLevel::kLocalOnly);
  EXPECT_EQ(row.users, (std::vector<std::string>{"rootkeepd", "ops"}));
  EXPECT_EQ(row.created_at, At(0));
  EXPECT_EQ(row.activated_at, At(1));
  EXPECT_EQ(row.token.serial, "0a1b");
  ASSERT_TRUE(row.key.has_value());
  EXPECT_EQ(row.key->public_key, signer_.public_key());
  EXPECT_EQ(row.key->id, signer_.info().id);
  EXPECT_EQ(row.key->facts, Key().custody);
  EXPECT_EQ(row.key->facts.never_extractable, std::nullopt);
  EXPECT_EQ(row.key->voucher, Voucher::kTokenSoftware);
  EXPECT_EQ(row.key->read_at, At(1));
  EXPECT_EQ(row.key->device.model, "model");
}

TEST_F(CatalogTest, ALabelIsTakenOnce) {
  ASSERT_THAT(Intend(), IsOk());
  EXPECT_THAT(Intend(), HasCode(Code::kAlreadyExists));
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  EXPECT_THAT(Intend(), Says("ACTIVE"));
}

TEST_F(CatalogTest, GoesThroughItsStatesWithTheirDates) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  ASSERT_THAT(catalog_->MarkMissing(kLabel, At(2)), IsOk());
  EXPECT_EQ(Row().state, KeyState::kMissing);
  ASSERT_THAT(catalog_->MarkFound(kLabel), IsOk());
  EXPECT_EQ(Row().state, KeyState::kActive);
  ASSERT_THAT(catalog_->Retire(kLabel, At(3)), IsOk());
  ASSERT_THAT(catalog_->MarkMissing(kLabel, At(4)), IsOk());
  ASSERT_THAT(catalog_->MarkFound(kLabel), IsOk());
  EXPECT_EQ(Row().state, KeyState::kRetired);
  ASSERT_THAT(catalog_->OrderDestruction(kLabel, At(5)), IsOk());
  EXPECT_EQ(Row().state, KeyState::kRetired);
  EXPECT_EQ(Row().destroyed_at, std::nullopt);
  ASSERT_THAT(catalog_->MarkDestroyed(kLabel, At(6)), IsOk());
  EXPECT_EQ(Row().state, KeyState::kDestroyed);
  EXPECT_EQ(Row().retired_at, At(3));
  EXPECT_EQ(Row().missing_at, At(4));
  EXPECT_EQ(Row().destroy_ordered_at, At(5));
  EXPECT_EQ(Row().destroyed_at, At(6));
}

TEST_F(CatalogTest, RefusesEveryOtherWay) {
  EXPECT_THAT(catalog_->Activate(Key(), At(1)), HasCode(Code::kNotFound));
  ASSERT_THAT(Intend(), IsOk());
  for (const Status& status : {catalog_->Retire(kLabel, At(1)), catalog_->MarkMissing(kLabel, At(1)),
                               catalog_->MarkFound(kLabel), catalog_->MarkDestroyed(kLabel, At(1))}) {
    EXPECT_THAT(status, HasReason("key_state"));
  }
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  for (const Status& status :
       {catalog_->Activate(Key(), At(2)), catalog_->Withdraw(kLabel), catalog_->MarkFound(kLabel),
        catalog_->OrderDestruction(kLabel, At(1)), catalog_->MarkDestroyed(kLabel, At(1))}) {
    EXPECT_THAT(status, HasReason("key_state"));
  }
  ASSERT_THAT(catalog_->Retire(kLabel, At(2)), IsOk());
  EXPECT_THAT(catalog_->Retire(kLabel, At(3)), HasReason("key_state"));
  EXPECT_THAT(catalog_->MarkDestroyed(kLabel, At(3)), HasReason("key_state")) << "nobody ordered it";
  ASSERT_THAT(catalog_->OrderDestruction(kLabel, At(3)), IsOk());
  EXPECT_THAT(catalog_->OrderDestruction(kLabel, At(4)), HasReason("key_state")) << "the date of the order stays";
  EXPECT_THAT(catalog_->MarkMissing(kLabel, At(4)), HasReason("key_state"));
  ASSERT_THAT(catalog_->MarkDestroyed(kLabel, At(4)), IsOk());
  EXPECT_THAT(catalog_->MarkFound(kLabel), HasReason("key_state"));
  EXPECT_THAT(catalog_->Retire(kLabel, At(5)), HasReason("key_state"));
  EXPECT_THAT(catalog_->Permit(kLabel, {"rootkeepd"}), HasReason("key_state"));
}

TEST_F(CatalogTest, AMissingKeyThatIsRetiredIsThatWhenItReturns) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  ASSERT_THAT(catalog_->MarkMissing(kLabel, At(2)), IsOk());
  EXPECT_THAT(catalog_->OrderDestruction(kLabel, At(3)), HasReason("key_state"));
  ASSERT_THAT(catalog_->Retire(kLabel, At(3)), IsOk());
  EXPECT_EQ(Row().state, KeyState::kMissing);
  ASSERT_THAT(catalog_->MarkFound(kLabel), IsOk());
  EXPECT_EQ(Row().state, KeyState::kRetired);
}

TEST_F(CatalogTest, PermissionsAreReplacedWhole) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Permit(kLabel, {"operator"}), IsOk());
  EXPECT_EQ(Row().users, (std::vector<std::string>{"operator"}));
  ASSERT_THAT(catalog_->Permit(kLabel, {}), IsOk());
  EXPECT_TRUE(Row().users.empty());
  EXPECT_THAT(catalog_->Permit(kLabel, {"a,b"}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(catalog_->Permit("rk/app/other/1", {}), HasCode(Code::kNotFound));
}

TEST_F(CatalogTest, ShowsWhenAnotherChangedIt) {
  ASSERT_OK_AND_ASSIGN(const auto watcher, Catalog::OpenExisting(path_));
  const std::int64_t before = watcher->OthersChanges().value();
  EXPECT_EQ(watcher->OthersChanges().value(), before);
  ASSERT_THAT(Intend(), IsOk());
  const std::int64_t after = watcher->OthersChanges().value();
  EXPECT_NE(after, before);
  ASSERT_THAT(watcher->Permit(kLabel, {}), IsOk());
  EXPECT_EQ(watcher->OthersChanges().value(), after) << "its own change is none";
}

// As the first version wrote it.
TEST_F(CatalogTest, TakesAnOlderCatalogueUp) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Activate(Key(), At(1)), IsOk());
  catalog_.reset();
  Sql("ALTER TABLE keys DROP COLUMN destroy_ordered_at");
  Sql("ALTER TABLE keys DROP COLUMN maker");
  Sql("ALTER TABLE keys DROP COLUMN used_at");
  Sql("PRAGMA user_version = 1");
  {
    ASSERT_OK_AND_ASSIGN(const auto look, Catalog::Look(path_));
    EXPECT_EQ(look->Find(kLabel).value()->state, KeyState::kActive) << "who looks changes nothing";
  }
  Reopen();
  EXPECT_EQ(Row().key->public_key, signer_.public_key());
  ASSERT_THAT(catalog_->Retire(kLabel, At(2)), IsOk());
  EXPECT_THAT(catalog_->OrderDestruction(kLabel, At(3)), IsOk());
  EXPECT_EQ(Row().maker, "") << "nobody is to destroy it";
}

TEST_F(CatalogTest, RemembersWhoMadeAKeyAndThatItWasUsed) {
  ASSERT_THAT(catalog_->Intend({.use = KeyUse::kForeignCa, .name = "ca"}, {}, {}, At(0), "rootkeep-agent"), IsOk());
  const std::string label = "rk/foreign-ca/ca/1";
  EXPECT_THAT(catalog_->MarkUsed(label, At(1)), HasReason("key_state")) << "there is no key yet";
  KeyInfo key = Key();
  key.label = label;
  ASSERT_THAT(catalog_->Activate(key, At(1)), IsOk());
  EXPECT_EQ(catalog_->Find(label).value()->used_at, std::nullopt);
  ASSERT_THAT(catalog_->MarkUsed(label, At(2)), IsOk());
  ASSERT_THAT(catalog_->MarkUsed(label, At(3)), IsOk());
  Reopen();
  EXPECT_EQ(catalog_->Find(label).value()->maker, "rootkeep-agent");
  EXPECT_EQ(catalog_->Find(label).value()->used_at, At(2)) << "from when on";
  EXPECT_THAT(catalog_->MarkUsed("rk/foreign-ca/other/1", At(3)), HasCode(Code::kNotFound));
}

TEST_F(CatalogTest, ForgetsOnlyDestroyedKeysThatHaveAMaker) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Intend({.use = KeyUse::kForeignCa, .name = "ca"}, {}, {}, At(0), "rootkeep-agent"), IsOk());
  Sql("UPDATE keys SET state = 4");
  EXPECT_FALSE(catalog_->Forget(kLabel).ok()) << "nobody's but an operator's";
  EXPECT_THAT(catalog_->Forget("rk/foreign-ca/ca/1"), IsOk());
  ASSERT_THAT(catalog_->Intend({.use = KeyUse::kForeignCa, .name = "ca"}, {}, {}, At(0), "rootkeep-agent"), IsOk());
  EXPECT_FALSE(catalog_->Forget("rk/foreign-ca/ca/1").ok()) << "PENDING";
}

TEST_F(CatalogTest, AKeyOfAnotherTypeIsNotTheOneThatWasAskedFor) {
  ASSERT_THAT(Intend(), IsOk());
  KeyInfo other = SoftwareSigner("P-384").info();
  other.label = kLabel;
  EXPECT_THAT(catalog_->Activate(other, At(1)), HasReason("key_type"));
  EXPECT_EQ(Row().state, KeyState::kPending);
}

TEST_F(CatalogTest, OnlyARowWithoutAKeyCanBeWithdrawn) {
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_THAT(catalog_->Withdraw(kLabel), IsOk());
  EXPECT_FALSE(catalog_->Find(kLabel).value().has_value());
  EXPECT_THAT(catalog_->Withdraw(kLabel), HasCode(Code::kNotFound));
}

TEST_F(CatalogTest, RefusesUsersItCannotKeep) {
  for (const std::string& user : {std::string(), std::string("a,b"), std::string(65, 'a')}) {
    EXPECT_THAT(catalog_->Intend({.name = "web"}, {}, {user}, At(0)), HasCode(Code::kInvalidArgument));
  }
}

TEST_F(CatalogTest, IsForItsOwnerOnly) {
  struct stat info{};
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(chmod(path_.c_str(), 0640), 0);
  EXPECT_THAT(Catalog::Open(path_), HasReason("file_mode"));
  EXPECT_THAT(Catalog::Look(path_), HasReason("file_mode"));
}

TEST_F(CatalogTest, LookingChangesNothing) {
  EXPECT_THAT(Catalog::Look(dir_ / "other.db"), HasCode(Code::kNotFound));
  EXPECT_THAT(Catalog::OpenExisting(dir_ / "other.db"), HasCode(Code::kNotFound));
  EXPECT_THAT(Catalog::Look(dir_ / "other.db"), HasCode(Code::kNotFound)) << "neither makes one";
  ASSERT_THAT(Intend(), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto look, Catalog::Look(path_));
  EXPECT_EQ(look->List()->size(), 1U);
  EXPECT_FALSE(look->Withdraw(kLabel).ok());
}

TEST_F(CatalogTest, SeesThatItsFileIsAnotherOne) {
  ASSERT_THAT(Intend(), IsOk());
  EXPECT_FALSE(catalog_->Replaced().value());
  const std::string copy = dir_ / "copy.db";
  std::filesystem::copy_file(path_, copy);
  EXPECT_FALSE(catalog_->Replaced().value());
  std::filesystem::rename(copy, path_);
  EXPECT_TRUE(catalog_->Replaced().value());
  EXPECT_FALSE(Catalog::Open(path_).value()->Replaced().value());
  ASSERT_OK_AND_ASSIGN(const auto look, Catalog::Look(path_));
  std::filesystem::remove(path_);
  EXPECT_TRUE(look->Replaced().value());
}

TEST_F(CatalogTest, RefusesWhatANewerProgramWrote) {
  Sql("PRAGMA user_version = 4");
  EXPECT_THAT(Catalog::OpenExisting(path_), HasReason("schema_newer"));
  EXPECT_THAT(Catalog::Open(path_), HasReason("schema_newer"));
  EXPECT_THAT(Catalog::Look(path_), HasReason("schema_newer"));
}

TEST_F(CatalogTest, ARowThatCannotBeReadIsNotPassedOver) {
  ASSERT_THAT(Intend(), IsOk());
  Sql("UPDATE keys SET state = 9");
  EXPECT_THAT(catalog_->List(), HasReason("catalog_row"));
  Sql("UPDATE keys SET state = 1");  // ACTIVE, but without a key
  EXPECT_THAT(catalog_->List(), HasReason("catalog_row"));
}

}  // namespace
}  // namespace rootkeep::testing
