#include "signer/store/database.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::store {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Says;

class DatabaseTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Database>> Open(bool read_only = false) {
    return Database::Open({.path = path_, .read_only = read_only, .busy_timeout = std::chrono::milliseconds(10)});
  }

  static unsigned Mode(const std::string& path) {
    struct stat info{};
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_mode & 07777;
  }

  testing::TempDir dir_;
  std::string path_ = dir_ / "a b.db";  // a blank, because SOCI's connection string is split at blanks
};

TEST_F(DatabaseTest, MakesItsFilesForTheOwnerOnly) {
  const mode_t before = umask(0);
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  ASSERT_THAT(database->Execute("CREATE TABLE t (a BIGINT)"), IsOk());
  umask(before);
  EXPECT_EQ(Mode(path_), 0600U);
  EXPECT_EQ(Mode(path_ + "-wal"), 0600U);
  EXPECT_EQ(Mode(path_ + "-shm"), 0600U);
}

TEST_F(DatabaseTest, RefusesAFileOthersCanRead) {
  std::ofstream(path_).flush();
  std::filesystem::permissions(path_, std::filesystem::perms(0640));
  EXPECT_THAT(Open(), HasReason("file_mode"));
}

TEST_F(DatabaseTest, ReadOnlyNeedsAnExistingDatabase) {
  EXPECT_THAT(Open(true), HasCode(Code::kNotFound));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DatabaseTest, RefusesAPathTheConnectionStringCannotCarry) {
  path_ = dir_ / "a\"b.db";
  EXPECT_THAT(Open(), HasCode(Code::kInvalidArgument));
}

TEST_F(DatabaseTest, UsesTheNamedVfs) {
  EXPECT_THAT(Database::Open({.path = path_, .vfs = "no-such-vfs"}), Says("no such vfs"));
}

TEST_F(DatabaseTest, CommitsWithAFullSyncByDefault) {
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  constexpr std::int64_t kFull = 2;
  ASSERT_OK_AND_ASSIGN(const std::int64_t synchronous, database->QueryNumber("PRAGMA synchronous"));
  EXPECT_EQ(synchronous, kFull);
  ASSERT_OK_AND_ASSIGN(const std::int64_t foreign_keys, database->QueryNumber("PRAGMA foreign_keys"));
  EXPECT_EQ(foreign_keys, 1);
}

TEST_F(DatabaseTest, KeepsEveryOctetOfTextAndBlobs) {
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  ASSERT_THAT(database->Execute("CREATE TABLE t (id {id}, n BIGINT, s TEXT, b {blob})"), IsOk());
  const Bytes octets = {0x30, 0x00, 0xff, 0x00};
  {
    ASSERT_OK_AND_ASSIGN(auto insert, database->Prepare("INSERT INTO t (n, s, b) VALUES (:n, :s, :b)",
                                                        {Column::kInteger, Column::kText, Column::kBlob}));
    insert.Bind(std::int64_t{1} << 40, std::string_view("first"), ByteView(octets));
    ASSERT_THAT(insert.Run(), IsOk());
    insert.Bind(std::int64_t{-1}, std::string_view(), ByteView());
    ASSERT_THAT(insert.Run(), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(const std::int64_t id, database->LastInsertId("t"));
  EXPECT_EQ(id, 2);

  ASSERT_OK_AND_ASSIGN(auto query, database->Prepare("SELECT n, s, b FROM t ORDER BY id", {},
                                                     {Column::kInteger, Column::kText, Column::kBlob}));
  ASSERT_THAT(query.Start(), IsOk());
  ASSERT_TRUE(*query.Next());
  EXPECT_EQ(query.integer(0), std::int64_t{1} << 40);
  EXPECT_EQ(query.text(1), "first");
  EXPECT_EQ(query.blob(2), octets);
  ASSERT_TRUE(*query.Next());
  EXPECT_EQ(query.integer(0), -1);
  EXPECT_EQ(query.text(1), "");
  EXPECT_EQ(query.blob(2), Bytes());
  EXPECT_FALSE(*query.Next());
}

TEST_F(DatabaseTest, TellsAUniqueViolationWithoutTheValue) {
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  ASSERT_THAT(database->Execute("CREATE TABLE t (s TEXT UNIQUE)"), IsOk());
  ASSERT_OK_AND_ASSIGN(auto insert, database->Prepare("INSERT INTO t (s) VALUES (:s)", {Column::kText}));
  insert.Bind(std::string_view("confidential"));
  ASSERT_THAT(insert.Run(), IsOk());
  const Status second = insert.Run();
  EXPECT_THAT(second, HasCode(Code::kAlreadyExists));
  EXPECT_THAT(second, HasReason("db_unique"));
  EXPECT_THAT(second, ::testing::Not(Says("confidential")));
}

TEST_F(DatabaseTest, RefusesValuesOfTheWrongType) {
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  ASSERT_THAT(database->Execute("CREATE TABLE t (s TEXT)"), IsOk());
  ASSERT_OK_AND_ASSIGN(auto insert, database->Prepare("INSERT INTO t (s) VALUES (:s)", {Column::kText}));
  insert.Bind(std::int64_t{1});
  EXPECT_THAT(insert.Run(), HasCode(Code::kInternal));
}

TEST_F(DatabaseTest, SaysWhenAnotherHoldsTheLock) {
  ASSERT_OK_AND_ASSIGN(auto first, Open());
  ASSERT_OK_AND_ASSIGN(auto second, Open());
  ASSERT_THAT(first->Begin(), IsOk());
  const Status begin = second->Begin();
  EXPECT_THAT(begin, HasCode(Code::kUnavailable));
  EXPECT_THAT(begin, HasReason("db_busy"));
  ASSERT_THAT(first->Rollback(), IsOk());
  EXPECT_THAT(second->Begin(), IsOk());
}

TEST_F(DatabaseTest, SaysWhenItCannotWrite) {
  ASSERT_OK_AND_ASSIGN(auto writer, Open());
  ASSERT_THAT(writer->Execute("CREATE TABLE t (a BIGINT)"), IsOk());
  ASSERT_OK_AND_ASSIGN(auto reader, Open(true));
  const Status written = reader->Execute("INSERT INTO t VALUES (1)");
  EXPECT_THAT(written, HasCode(Code::kUnavailable));
  EXPECT_THAT(written, HasReason("db_readonly"));
}

TEST_F(DatabaseTest, SaysWhenTheFileIsNoDatabase) {
  std::ofstream(path_) << std::string(4096, 'x');
  std::filesystem::permissions(path_, std::filesystem::perms(0600));
  const auto database = Open();
  EXPECT_THAT(database, HasCode(Code::kDataLoss));
  EXPECT_THAT(database, HasReason("db_corrupt"));
}

TEST_F(DatabaseTest, RollsBackOnlyWhatWasBegun) {
  ASSERT_OK_AND_ASSIGN(auto database, Open());
  EXPECT_THAT(database->Rollback(), IsOk());
  ASSERT_THAT(database->Execute("CREATE TABLE t (a BIGINT)"), IsOk());
  ASSERT_THAT(database->Begin(), IsOk());
  ASSERT_THAT(database->Execute("INSERT INTO t VALUES (1)"), IsOk());
  ASSERT_THAT(database->Rollback(), IsOk());
  ASSERT_OK_AND_ASSIGN(const std::int64_t rows, database->QueryNumber("SELECT COUNT(*) FROM t"));
  EXPECT_EQ(rows, 0);
}

}  // namespace
}  // namespace rootkeep::store
