#include "signer/store/schema.h"

#include <fmt/format.h>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::store {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

class SchemaTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::Open({.path = dir_ / "rootkeep.db"});
    ASSERT_THAT(opened, IsOk());
    database_ = std::move(*opened);
  }

  testing::TempDir dir_;
  SystemClock clock_;
  std::unique_ptr<Database> database_;
};

TEST_F(SchemaTest, MigratesAnEmptyDatabaseOnce) {
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  EXPECT_THAT(CheckSchema(*database_), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::int64_t rows, database_->QueryNumber("SELECT COUNT(*) FROM migrations"));
  EXPECT_EQ(rows, SchemaVersion());
}

TEST_F(SchemaTest, BringsNodesToADatabaseThatHadOnlyTheLedger) {
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  for (const char* statement : {"DROP VIEW entries", "ALTER TABLE intents DROP COLUMN attested_node",
                                "CREATE VIEW entries AS SELECT id FROM intents"}) {
    ASSERT_THAT(database_->Execute(statement), IsOk());
  }
  for (const char* table :
       {"issuer_ends", "nodes", "node_bindings", "node_boot_logs", "node_certificates", "node_events", "trust_bundles",
        "trust_events", "trust_issuers", "trust_jwt_keys", "trust_roots"}) {
    ASSERT_THAT(database_->Execute(std::string("DROP TABLE ") + table), IsOk());
  }
  ASSERT_THAT(database_->Execute("DELETE FROM migrations WHERE version > 1"), IsOk());
  ASSERT_THAT(database_->Execute("INSERT INTO issuers (fingerprint) VALUES ('kept')"), IsOk());
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::int64_t nodes, database_->QueryNumber("SELECT COUNT(*) FROM nodes", -1));
  EXPECT_EQ(nodes, 0);
  EXPECT_THAT(database_->QueryNumber("SELECT COUNT(attested_node) FROM entries"), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::int64_t kept, database_->QueryNumber("SELECT COUNT(*) FROM issuers"));
  EXPECT_EQ(kept, 1);
}

TEST_F(SchemaTest, LearnsWhenTheLastCertificateOfAnIssuerEnds) {
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  const auto intent = [](int serial, std::string_view profile, int not_after) {
    return fmt::format(
        "INSERT INTO intents (request_id, authority, issuer_id, serial, trust_domain, profile, caller, auth_method,"
        " authenticator, credential_id, node, peer, decision, sans, csr_sha256, spki_sha256, attestation, not_before,"
        " not_after, intended_at, tbs) SELECT '', '', id, '{}', '', '{}', '', '', '', '', '', '', '', '', '', '', '', "
        "0,"
        " {}, 0, 'x' FROM issuers",
        serial, profile, not_after);
  };
  for (const std::string& statement :
       {std::string("DROP TABLE issuer_ends"), std::string("ALTER TABLE trust_jwt_keys DROP COLUMN removed_at"),
        std::string("DELETE FROM migrations WHERE version > 6"),
        std::string("INSERT INTO issuers (fingerprint) VALUES ('one')"), intent(1, "workload", 500),
        intent(2, "workload", 400), intent(3, "foreign-ca", 300)}) {
    ASSERT_THAT(database_->Execute(statement), IsOk()) << statement;
  }
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  EXPECT_EQ(database_->QueryNumber("SELECT COUNT(*) FROM issuer_ends", -1).value(), 2);
  for (const auto& [profile, end] : {std::pair("workload", 500), std::pair("foreign-ca", 300)}) {
    const std::string query = fmt::format("SELECT last_not_after FROM issuer_ends WHERE profile = '{}'", profile);
    EXPECT_EQ(database_->QueryNumber(query, -1).value(), end);
  }
}

TEST_F(SchemaTest, RefusesANewerSchema) {
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  ASSERT_THAT(database_->Execute("INSERT INTO migrations VALUES (1000, 'from the future', 0)"), IsOk());
  const Status migrated = Migrate(*database_, clock_);
  EXPECT_THAT(migrated, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(migrated, HasReason("schema_newer"));
  EXPECT_THAT(CheckSchema(*database_), HasReason("schema_newer"));
}

TEST_F(SchemaTest, ReadersRefuseAnOlderSchema) {
  ASSERT_THAT(Migrate(*database_, clock_), IsOk());
  ASSERT_THAT(database_->Execute("DELETE FROM migrations"), IsOk());
  EXPECT_THAT(CheckSchema(*database_), HasReason("schema_older"));
}

TEST_F(SchemaTest, AFailedMigrationLeavesNothingBehind) {
  // The last object of the migration is in the way, so everything before it must go again.
  ASSERT_THAT(database_->Execute("CREATE TABLE entries (a BIGINT)"), IsOk());
  EXPECT_THAT(Migrate(*database_, clock_), ::testing::Not(IsOk()));
  ASSERT_OK_AND_ASSIGN(const std::int64_t tables,
                       database_->QueryNumber("SELECT COUNT(*) FROM sqlite_master WHERE name = 'intents'"));
  EXPECT_EQ(tables, 0);
  ASSERT_THAT(database_->Execute("DROP TABLE entries"), IsOk());
  EXPECT_THAT(Migrate(*database_, clock_), IsOk());
}

}  // namespace
}  // namespace rootkeep::store
