// The record comes first, and stays: the power goes while certificates are asked for, again and again.
#include <atomic>
#include <set>
#include <thread>

#include "signer/ledger/open_ledger.h"
#include "tests/support/ledger_load.h"
#include "tests/support/matchers.h"
#include "tests/support/power_cut_vfs.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using store::Column;
using store::Synchronous;
using testing::Answers;
using testing::HasCode;
using testing::HasReason;
using testing::IntendAndWait;
using testing::IsOk;
using testing::MakeCertificate;
using testing::MakeIntent;
using testing::PowerCutVfs;

// One disk with one ledger on it, and what its clients were told.
class Machine {
 public:
  Machine(std::uint64_t seed, Synchronous synchronous) : vfs_(seed), random_(seed), synchronous_(synchronous) {}

  // Asks for certificates until the power goes, after 3,000 disk operations at most (a checkpoint comes after some
  // 2,000), and turns it on again.
  void RunUntilCut() {
    vfs_.CutAfter(1 + random_() % 3000);
    {
      auto ledger = OpenLedger({.path = path_, .vfs = vfs_.name(), .synchronous = synchronous_});
      if (ledger.ok()) Load(**ledger);
    }
    ASSERT_TRUE(vfs_.is_cut());
    vfs_.Restore();
  }

  // Acknowledged intents that the disk does not hold.
  std::size_t Lost() {
    const std::set<std::string> kept = Serials();
    std::size_t lost = 0;
    for (const std::string& serial : acknowledged_) lost += kept.contains(serial) ? 0 : 1;
    return lost;
  }

  // Every serial in the ledger; fails when one is there twice or the database is damaged.
  std::set<std::string> Serials() {
    std::set<std::string> serials;
    auto database = store::Database::Open({.path = path_, .vfs = vfs_.name()});
    EXPECT_THAT(database, IsOk());
    EXPECT_EQ(Text(**database, "PRAGMA integrity_check"), std::vector<std::string>{"ok"});
    EXPECT_EQ(Text(**database, "PRAGMA foreign_key_check"), std::vector<std::string>());
    for (auto& serial : Text(**database, "SELECT serial FROM entries")) {
      EXPECT_TRUE(serials.insert(serial).second) << serial;
    }
    return serials;
  }

  [[nodiscard]] std::size_t acknowledged() const { return acknowledged_.size(); }

 private:
  static std::vector<std::string> Text(store::Database& database, const std::string& sql) {
    std::vector<std::string> rows;
    auto query = database.Prepare(sql, {}, {Column::kText});
    if (!query.ok()) return rows;  // no schema yet: the power went while it was made
    EXPECT_THAT(query->Start(), IsOk());
    for (auto next = query->Next(); next.ok() && *next; next = query->Next()) rows.emplace_back(query->text(0));
    return rows;
  }

  // Up to 64 requests at a time, one in eight with a serial that is taken, each completed when its intent is durable.
  void Load(Ledger& ledger) {
    std::atomic<int> in_flight = 0;
    while (ledger.Health().ok()) {
      const bool again = number_ % 8 == 7;
      const Intent intent = MakeIntent(again ? number_ / 2 : number_);
      ++number_;
      ++in_flight;
      const Status taken = ledger.Intend(intent, [&, intent](const Status& status) {
        if (status.ok()) {
          acknowledged_.insert(intent.serial);
          ledger.Complete(intent.issuer, intent.serial, MakeCertificate(intent));
        }
        --in_flight;
        in_flight.notify_one();
      });
      ASSERT_THAT(taken, IsOk());
      for (int now = in_flight; now >= 64; now = in_flight) in_flight.wait(now);
    }
    for (int now = in_flight; now > 0; now = in_flight) in_flight.wait(now);
  }

  testing::TempDir dir_{"/dev/shm"};  // what is durable is the VFS's to say, so no disk has to work for it
  std::string path_ = dir_ / "rootkeep.db";
  PowerCutVfs vfs_;
  std::mt19937_64 random_;
  Synchronous synchronous_;
  std::uint64_t number_ = 0;
  std::set<std::string> acknowledged_;  // on the ledger's thread while there is one
};

TEST(PowerCut, LosesNoAcknowledgedIntentInAHundredCuts) {
  constexpr int kMachines = 10;
  constexpr int kCuts = 10;
  std::size_t acknowledged = 0;
  for (std::uint64_t seed = 0; seed < kMachines; ++seed) {
    Machine machine(seed, Synchronous::kFull);
    for (int cut = 0; cut < kCuts; ++cut) {
      machine.RunUntilCut();
      ASSERT_EQ(machine.Lost(), 0U) << "seed " << seed << ", cut " << cut;
    }
    acknowledged += machine.acknowledged();
  }
  RecordProperty("acknowledged", static_cast<int>(acknowledged));
  EXPECT_GT(acknowledged, 10'000U);
}

// The same disk, the same cuts: so the test above can see a loss.
TEST(PowerCut, LosesAcknowledgedIntentsWithoutFullSync) {
  std::size_t lost = 0;
  for (std::uint64_t seed = 0; seed < 10 && lost == 0; ++seed) {
    Machine machine(seed, Synchronous::kNormal);
    for (int cut = 0; cut < 10 && lost == 0; ++cut) {
      machine.RunUntilCut();
      lost += machine.Lost();
    }
  }
  EXPECT_GT(lost, 0U);
}

class DiskTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Ledger>> Open(Synchronous synchronous = Synchronous::kFull) {
    return OpenLedger({.path = path_, .vfs = vfs_.name(), .synchronous = synchronous});
  }

  // Whether, when the intent is called durable, a power cut could still take something away.
  bool LossIsPossibleWhenDurable(Synchronous synchronous) {
    auto ledger = Open(synchronous);
    EXPECT_THAT(ledger, IsOk());
    std::atomic<std::size_t> unsynced = 0;
    Answers answers;
    EXPECT_THAT((*ledger)->Intend(MakeIntent(1),
                                  [&, tell = answers.For("")](Status status) {
                                    unsynced = vfs_.unsynced_changes();
                                    tell(std::move(status));
                                  }),
                IsOk());
    EXPECT_THAT(answers.WaitFor(1).front().status, IsOk());
    return unsynced != 0;
  }

  // Intents are refused while `fault` holds, nothing of them is kept, and the next one after it is durable.
  void RefusesWhile(const std::function<void(int)>& set_fault, int fault, std::string_view reason) {
    ASSERT_OK_AND_ASSIGN(auto ledger, Open());
    ASSERT_THAT(IntendAndWait(*ledger, MakeIntent(1)), IsOk());
    set_fault(fault);
    for (std::uint64_t i = 2; i < 5; ++i) {
      const Status refused = IntendAndWait(*ledger, MakeIntent(i));
      EXPECT_THAT(refused, HasCode(Code::kUnavailable));
      EXPECT_THAT(refused, HasReason(reason));
      EXPECT_THAT(ledger->Health(), HasReason(reason));
    }
    // Its outcome waits for the disk.
    ledger->Complete(MakeIntent(1).issuer, MakeIntent(1).serial, MakeCertificate(MakeIntent(1)));
    EXPECT_THAT(ledger->Flush(After(std::chrono::milliseconds(50))), HasCode(Code::kDeadlineExceeded));
    EXPECT_EQ(ledger->Stats().outcomes, 0U);

    set_fault(SQLITE_OK);
    EXPECT_THAT(IntendAndWait(*ledger, MakeIntent(5)), IsOk());
    EXPECT_THAT(ledger->Health(), IsOk());
    ASSERT_THAT(ledger->Flush(After(std::chrono::seconds(30))), IsOk());
    ASSERT_OK_AND_ASSIGN(const auto entries, ledger->List({}));
    ASSERT_EQ(entries.size(), 2U);
    EXPECT_EQ(entries[0].intent.serial, MakeIntent(5).serial);
    EXPECT_EQ(entries[1].status, EntryStatus::kIssued);
  }

  testing::TempDir dir_;
  std::string path_ = dir_ / "rootkeep.db";
  PowerCutVfs vfs_{1};
};

TEST_F(DiskTest, AnIntentIsCalledDurableAfterItsSync) { EXPECT_FALSE(LossIsPossibleWhenDurable(Synchronous::kFull)); }

TEST_F(DiskTest, WithoutFullSyncItIsCalledDurableTooEarly) {
  EXPECT_TRUE(LossIsPossibleWhenDurable(Synchronous::kNormal));
}

TEST_F(DiskTest, RefusesWhileTheDiskIsFull) {
  RefusesWhile([this](int fault) { vfs_.FailWrites(fault); }, SQLITE_FULL, "db_full");
}

TEST_F(DiskTest, RefusesWhileTheDiskIsReadOnly) {
  RefusesWhile([this](int fault) { vfs_.FailWrites(fault); }, SQLITE_READONLY, "db_readonly");
}

TEST_F(DiskTest, RefusesWhileWritesFail) {
  RefusesWhile([this](int fault) { vfs_.FailWrites(fault); }, SQLITE_IOERR_WRITE, "db_io");
}

TEST_F(DiskTest, RefusesWhileSyncsFail) {
  RefusesWhile([this](int fault) { vfs_.FailSyncs(fault); }, SQLITE_IOERR_FSYNC, "db_io");
}

TEST_F(DiskTest, RefusesWhileAnotherHoldsTheLock) {
  std::unique_ptr<store::Database> other;
  RefusesWhile(
      [&](int fault) {
        if (fault == SQLITE_OK) {
          other.reset();
          return;
        }
        auto opened = store::Database::Open({.path = path_});
        ASSERT_THAT(opened, IsOk());
        other = std::move(*opened);
        ASSERT_THAT(other->Begin(), IsOk());
      },
      SQLITE_BUSY, "db_busy");
}

}  // namespace
}  // namespace rootkeep
