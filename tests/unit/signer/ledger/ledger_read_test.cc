// Find and List: what clients asking again and operators see.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "signer/ledger/open_ledger.h"
#include "tests/support/ledger_load.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::IntendAndWait;
using testing::IsOk;
using testing::MakeCertificate;
using testing::MakeIntent;

class LedgerReadTest : public ::testing::Test {
 protected:
  void SetUp() override { Open({}); }

  void Open(LedgerOptions options) {
    ledger_.reset();
    options.path = path_;
    auto opened = OpenLedger(options);
    ASSERT_THAT(opened, IsOk());
    ledger_ = std::move(*opened);
  }

  void Flush() { ASSERT_THAT(ledger_->Flush(After(std::chrono::seconds(30))), IsOk()); }

  void Issue(const Intent& intent) {
    ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
    ledger_->Complete(intent.issuer, intent.serial, MakeCertificate(intent));
  }

  static RetryKey KeyOf(const Intent& intent) {
    return {intent.caller, intent.csr_sha256, intent.sans, intent.authority};
  }

  // Serials that List gives, as the numbers of MakeIntent.
  std::vector<std::uint64_t> Listed(const LedgerFilter& filter) {
    std::vector<std::uint64_t> numbers;
    const auto entries = ledger_->List(filter);
    EXPECT_THAT(entries, IsOk());
    for (const auto& entry : *entries) numbers.push_back(std::stoull(entry.intent.request_id, nullptr, 16));
    return numbers;
  }

  static std::string Content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  testing::TempDir dir_;
  std::string path_ = dir_ / "rootkeep.db";
  std::unique_ptr<Ledger> ledger_;
};

using Numbers = std::vector<std::uint64_t>;

TEST_F(LedgerReadTest, FindsWhatWasIssuedAtOnceAndLater) {
  const Intent intent = MakeIntent(1);
  Issue(intent);
  for (int flushed = 0; flushed < 2; ++flushed) {
    ASSERT_OK_AND_ASSIGN(const auto found, ledger_->Find(KeyOf(intent), intent.intended_at));
    ASSERT_TRUE(found) << flushed;
    EXPECT_EQ(found->status, EntryStatus::kIssued);
    EXPECT_EQ(found->certificate, MakeCertificate(intent));
    EXPECT_EQ(found->intent.serial, intent.serial);
    Flush();
  }
}

TEST_F(LedgerReadTest, FindsNothingForAnythingElse) {
  const Intent intent = MakeIntent(1);
  Issue(intent);
  const auto expect_nothing = [&](const RetryKey& key, std::int64_t since) {
    ASSERT_OK_AND_ASSIGN(const auto found, ledger_->Find(key, since));
    EXPECT_FALSE(found);
  };
  expect_nothing(KeyOf(intent), intent.intended_at + 1);
  for (std::string RetryKey::* part :
       {&RetryKey::caller, &RetryKey::csr_sha256, &RetryKey::sans, &RetryKey::authority}) {
    RetryKey key = KeyOf(intent);
    key.*part += "x";
    expect_nothing(key, 0);
  }
}

TEST_F(LedgerReadTest, FindsNothingThatWasNotIssued) {
  const Intent open = MakeIntent(1);
  const Intent failed = MakeIntent(2);
  ASSERT_THAT(IntendAndWait(*ledger_, open), IsOk());
  ASSERT_THAT(IntendAndWait(*ledger_, failed), IsOk());
  ledger_->Fail(failed.issuer, failed.serial, "token is away");
  Flush();
  for (int reopened = 0; reopened < 2; ++reopened) {
    for (const Intent& intent : {open, failed}) {
      ASSERT_OK_AND_ASSIGN(const auto found, ledger_->Find(KeyOf(intent), 0));
      EXPECT_FALSE(found);
    }
    Open({});
  }
}

TEST_F(LedgerReadTest, FindsTheNewestOfAKey) {
  const Intent first = MakeIntent(1);
  Intent second = MakeIntent(2);
  second.caller = first.caller;
  second.sans = first.sans;
  second.csr_sha256 = first.csr_sha256;
  Issue(first);
  Issue(second);
  ASSERT_OK_AND_ASSIGN(const auto found, ledger_->Find(KeyOf(first), 0));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->intent.serial, second.serial);
}

TEST_F(LedgerReadTest, FindsAfterARestartTheNewestOfTheWindow) {
  for (std::uint64_t i = 1; i <= 4; ++i) Issue(MakeIntent(i));
  Open({.recent_limit = 3});
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto found, ledger_->Find(KeyOf(MakeIntent(i)), 0));
    EXPECT_EQ(found.has_value(), i > 1) << i;
  }
}

TEST_F(LedgerReadTest, ListsTheNewestFirst) {
  for (std::uint64_t i = 1; i <= 5; ++i) Issue(MakeIntent(i));
  EXPECT_EQ(Listed({}), (Numbers{5, 4, 3, 2, 1}));
  EXPECT_EQ(Listed({.limit = 2}), (Numbers{5, 4}));
  EXPECT_EQ(Listed({.limit = 0}), Numbers{});
}

TEST_F(LedgerReadTest, ListsPageByPage) {
  for (std::uint64_t i = 1; i <= 5; ++i) Issue(MakeIntent(i));
  ASSERT_OK_AND_ASSIGN(const auto page, ledger_->List({.limit = 2}));
  EXPECT_EQ(Listed({.before = page.back().id, .limit = 2}), (Numbers{3, 2}));
}

TEST_F(LedgerReadTest, ListsByStatus) {
  Issue(MakeIntent(1));
  ASSERT_THAT(IntendAndWait(*ledger_, MakeIntent(2)), IsOk());
  ASSERT_THAT(IntendAndWait(*ledger_, MakeIntent(3)), IsOk());
  ledger_->Fail(MakeIntent(3).issuer, MakeIntent(3).serial, "late");
  Flush();
  EXPECT_EQ(Listed({.status = EntryStatus::kIssued}), (Numbers{1}));
  EXPECT_EQ(Listed({.status = EntryStatus::kPossiblyIssued}), (Numbers{2}));
  EXPECT_EQ(Listed({.status = EntryStatus::kFailed}), (Numbers{3}));
}

TEST_F(LedgerReadTest, ListsBySerialAndRequest) {
  for (std::uint64_t i = 1; i <= 3; ++i) Issue(MakeIntent(i));
  Intent other_issuer = MakeIntent(2);
  other_issuer.issuer = std::string(64, 'b');
  other_issuer.request_id = "04";
  Issue(other_issuer);
  EXPECT_EQ(Listed({.serial = MakeIntent(2).serial}), (Numbers{4, 2}));
  EXPECT_EQ(Listed({.serial = "55"}), Numbers{});
  EXPECT_EQ(Listed({.request_id = MakeIntent(3).request_id}), (Numbers{3}));
  EXPECT_EQ(Listed({.serial = MakeIntent(2).serial, .request_id = "04"}), (Numbers{4}));
}

TEST_F(LedgerReadTest, ListsByPartOfAName) {
  Intent plain = MakeIntent(1);
  plain.sans = "spiffe://cluster.local/ns/default/sa/Web_Front";
  Intent other = MakeIntent(2);
  other.sans = "spiffe://cluster.local/ns/default/sa/webxfront, 100%!";
  Issue(plain);
  Issue(other);
  EXPECT_EQ(Listed({.san = "web_front"}), (Numbers{1}));  // '_' stands for itself
  EXPECT_EQ(Listed({.san = "WEBX"}), (Numbers{2}));
  EXPECT_EQ(Listed({.san = "0%!"}), (Numbers{2}));
  EXPECT_EQ(Listed({.san = "%"}), (Numbers{2}));
  EXPECT_EQ(Listed({.san = "' OR 1 = 1"}), Numbers{});
}

TEST_F(LedgerReadTest, ReadsBesideTheDaemonWithoutWriting) {
  for (std::uint64_t i = 1; i <= 3; ++i) Issue(MakeIntent(i));
  Flush();
  const std::string database = Content(path_);
  const std::string log = Content(path_ + "-wal");
  {
    ASSERT_OK_AND_ASSIGN(auto reader, OpenLedgerReadOnly(path_));
    ASSERT_OK_AND_ASSIGN(const auto entries, reader->List({}));
    EXPECT_EQ(entries.size(), 3U);
    ASSERT_OK_AND_ASSIGN(const auto one, reader->ById(entries.back().id));
    ASSERT_TRUE(one);
    EXPECT_EQ(one->certificate, MakeCertificate(MakeIntent(1)));
  }
  EXPECT_EQ(Content(path_), database);
  EXPECT_EQ(Content(path_ + "-wal"), log);
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(4)), IsOk());
}

TEST_F(LedgerReadTest, AnOpenReaderDoesNotHoldUpTheWriter) {
  Issue(MakeIntent(1));
  ASSERT_OK_AND_ASSIGN(auto database, store::Database::Open({.path = path_, .read_only = true}));
  ASSERT_OK_AND_ASSIGN(auto query, database->Prepare("SELECT id FROM intents, (SELECT 1 UNION SELECT 2)", {},
                                                     {store::Column::kInteger}));
  ASSERT_THAT(query.Start(), IsOk());
  ASSERT_TRUE(*query.Next());
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(2)), IsOk());
  EXPECT_TRUE(*query.Next());
}

// Without its shared lock another process may take itself for the last one, and remove the log under the daemon.
TEST_F(LedgerReadTest, HoldsItsLockAgainstOtherProcesses) {
  Issue(MakeIntent(1));
  ASSERT_THAT(OpenLedgerReadOnly(path_), IsOk());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // SQLite's shared bytes (https://www.sqlite.org/fileformat2.html#the_lock_byte_page).
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_start = 0x40000002;
    lock.l_len = 510;
    const int fd = open(path_.c_str(), O_RDWR);
    _exit(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_RDLCK ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST_F(LedgerReadTest, ReadsAfterTheDaemonDied) {
  Issue(MakeIntent(1));
  Flush();
  // What a killed process leaves: database and log, no orderly end.
  const std::string copy = dir_ / "copy.db";
  for (const char* suffix : {"", "-wal"}) {
    std::ofstream(copy + suffix, std::ios::binary) << Content(path_ + suffix);
    std::filesystem::permissions(copy + suffix, std::filesystem::perms(0600));
  }
  ASSERT_OK_AND_ASSIGN(auto reader, OpenLedgerReadOnly(copy));
  ASSERT_OK_AND_ASSIGN(const auto entries, reader->List({}));
  EXPECT_EQ(entries.size(), 1U);
}

TEST_F(LedgerReadTest, ThereIsNothingToReadWithoutADatabase) {
  EXPECT_THAT(OpenLedgerReadOnly(dir_ / "none.db"), HasCode(Code::kNotFound));
}

}  // namespace
}  // namespace rootkeep
