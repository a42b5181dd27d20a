#include <atomic>
#include <new>
#include <thread>

#include "signer/ledger/last_end.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/database_lock.h"
#include "tests/support/ledger_load.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep {
namespace {

using testing::Answers;
using testing::HasCode;
using testing::HasReason;
using testing::IntendAndWait;
using testing::IsOk;
using testing::MakeCertificate;
using testing::MakeIntent;

class SqlLedgerTest : public ::testing::Test {
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

  testing::TempDir dir_;
  std::string path_ = dir_ / "rootkeep.db";
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(SqlLedgerTest, KnowsWhenTheLastOfAProfileEndsAcrossRestarts) {
  const auto end = [&](const char* profile) {
    return LastEndOfProfile(*store::Database::Open({.path = path_, .read_only = true}).value(), profile).value();
  };
  EXPECT_EQ(end("foreign-ca"), 0);
  std::uint64_t n = 0;
  const auto ask = [&](const char* issuer, const char* profile, std::int64_t not_after) {
    Intent intent = MakeIntent(++n);
    intent.issuer = issuer;
    intent.profile = profile;
    intent.not_after = not_after;
    ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
  };
  ask("a", "foreign-ca", 500);
  ask("a", "foreign-ca", 400);
  ask("b", "foreign-ca", 450);
  ask("a", "workload", 900);
  EXPECT_EQ(end("foreign-ca"), 500);
  EXPECT_EQ(end("workload"), 900);
  Open({});
  ask("a", "foreign-ca", 450);
  EXPECT_EQ(end("foreign-ca"), 500) << "it was read back";
  ask("b", "foreign-ca", 501);
  EXPECT_EQ(end("foreign-ca"), 501);
  const auto other = store::Database::Open({.path = path_}).value();
  ASSERT_THAT(other->Execute("UPDATE issuer_ends SET last_not_after = 800 WHERE last_not_after = 501"), IsOk());
  ask("b", "foreign-ca", 510);
  EXPECT_EQ(end("foreign-ca"), 800) << "what another writer knows is not forgotten";
}

TEST_F(SqlLedgerTest, KeepsEveryFieldOfAnIssuedEntry) {
  Intent intent = MakeIntent(1);
  intent.attestation = "tpm";
  intent.attested_node = "node-7";
  Issue(intent);
  Flush();
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  ASSERT_EQ(entries.size(), 1U);
  const LedgerEntry& entry = entries.front();
  EXPECT_EQ(entry.status, EntryStatus::kIssued);
  EXPECT_EQ(entry.certificate, MakeCertificate(intent));
  EXPECT_EQ(entry.failure, "");
  EXPECT_NE(entry.completed_at, 0);
  const Intent& kept = entry.intent;
  EXPECT_EQ(kept.request_id, intent.request_id);
  EXPECT_EQ(kept.authority, intent.authority);
  EXPECT_EQ(kept.issuer, intent.issuer);
  EXPECT_EQ(kept.serial, intent.serial);
  EXPECT_EQ(kept.trust_domain, intent.trust_domain);
  EXPECT_EQ(kept.profile, intent.profile);
  EXPECT_EQ(kept.caller, intent.caller);
  EXPECT_EQ(kept.auth_method, intent.auth_method);
  EXPECT_EQ(kept.authenticator, intent.authenticator);
  EXPECT_EQ(kept.credential_id, intent.credential_id);
  EXPECT_EQ(kept.node, intent.node);
  EXPECT_EQ(kept.attested_node, intent.attested_node);
  EXPECT_EQ(kept.peer, intent.peer);
  EXPECT_EQ(kept.decision, intent.decision);
  EXPECT_EQ(kept.sans, intent.sans);
  EXPECT_EQ(kept.csr_sha256, intent.csr_sha256);
  EXPECT_EQ(kept.spki_sha256, intent.spki_sha256);
  EXPECT_EQ(kept.attestation, intent.attestation);
  EXPECT_EQ(kept.not_before, intent.not_before);
  EXPECT_EQ(kept.not_after, intent.not_after);
  EXPECT_EQ(kept.intended_at, intent.intended_at);
  EXPECT_EQ(kept.tbs, intent.tbs);
}

TEST_F(SqlLedgerTest, KeepsAFailure) {
  const Intent intent = MakeIntent(1);
  ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
  ledger_->Fail(intent.issuer, intent.serial, "token is away");
  Flush();
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().status, EntryStatus::kFailed);
  EXPECT_EQ(entries.front().failure, "token is away");
  EXPECT_EQ(entries.front().certificate, Bytes());
}

TEST_F(SqlLedgerTest, ALoneOutcomeIsWrittenWithoutFlush) {
  Issue(MakeIntent(1));
  const Deadline deadline = After(std::chrono::seconds(30));
  while (ledger_->Stats().outcomes == 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  EXPECT_EQ(ledger_->Stats().outcomes, 1U);
}

TEST_F(SqlLedgerTest, ACertificateOtherThanIntendedIsAFailure) {
  const Intent intent = MakeIntent(1);
  Intent other = intent;
  other.tbs.back() ^= 1;
  ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
  ledger_->Complete(intent.issuer, intent.serial, MakeCertificate(other));
  Flush();
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().status, EntryStatus::kFailed);
}

TEST_F(SqlLedgerTest, TheFirstOutcomeStays) {
  const Intent intent = MakeIntent(1);
  Issue(intent);
  ledger_->Fail(intent.issuer, intent.serial, "too late");
  Flush();
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  EXPECT_EQ(entries.front().status, EntryStatus::kIssued);
}

TEST_F(SqlLedgerTest, RefusesATakenSerialAndNotItsNeighbours) {
  const Intent first = MakeIntent(1);
  ASSERT_THAT(IntendAndWait(*ledger_, first), IsOk());
  Intent other_issuer = first;
  other_issuer.issuer = std::string(64, 'b');

  // The first callback holds the writer's thread until the next three wait for one commit.
  Answers answers;
  std::atomic<bool> queued = false;
  ASSERT_THAT(ledger_->Intend(MakeIntent(2), [&](const Status&) { queued.wait(false); }), IsOk());
  while (ledger_->Stats().intents < 2) std::this_thread::yield();
  const auto commits = ledger_->Stats().commits;
  ASSERT_THAT(ledger_->Intend(MakeIntent(3), answers.For("before")), IsOk());
  ASSERT_THAT(ledger_->Intend(first, answers.For("taken")), IsOk());
  ASSERT_THAT(ledger_->Intend(other_issuer, answers.For("other issuer")), IsOk());
  ASSERT_THAT(ledger_->Intend(MakeIntent(4), answers.For("after")), IsOk());
  queued = true;
  queued.notify_all();

  for (const auto& answer : answers.WaitFor(4)) {
    if (answer.name == "taken") {
      EXPECT_THAT(answer.status, HasCode(Code::kAlreadyExists));
      EXPECT_THAT(answer.status, HasReason("duplicate_serial"));
    } else {
      EXPECT_THAT(answer.status, IsOk()) << answer.name;
    }
  }
  EXPECT_EQ(ledger_->Stats().commits, commits + 1);
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  EXPECT_EQ(entries.size(), 5U);
}

TEST_F(SqlLedgerTest, RefusesBeyondItsQueue) {
  Open({.queue_limit = 2});
  Answers answers;
  std::atomic<bool> go = false;
  ASSERT_THAT(ledger_->Intend(MakeIntent(1), [&](const Status&) { go.wait(false); }), IsOk());
  while (ledger_->Stats().intents < 1) std::this_thread::yield();
  ASSERT_THAT(ledger_->Intend(MakeIntent(2), answers.For("2")), IsOk());
  ASSERT_THAT(ledger_->Intend(MakeIntent(3), answers.For("3")), IsOk());
  const Status third = ledger_->Intend(MakeIntent(4), answers.For("4"));
  EXPECT_THAT(third, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(third, HasReason("ledger_queue"));
  EXPECT_TRUE(third.error().retry_after().has_value());
  go = true;
  go.notify_all();
  for (const auto& answer : answers.WaitFor(2)) EXPECT_THAT(answer.status, IsOk());
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(5)), IsOk());
}

TEST_F(SqlLedgerTest, RefusesMoreOpenIntentsThanItsLimit) {
  Open({.open_limit = 1});
  const Intent first = MakeIntent(1);
  ASSERT_THAT(IntendAndWait(*ledger_, first), IsOk());
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(2)), HasReason("ledger_open_intents"));
  ledger_->Fail(first.issuer, first.serial, "late");
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(2)), IsOk());
}

TEST_F(SqlLedgerTest, RefusesAnIntentWithoutItsEssentials) {
  for (auto clear : {+[](Intent& i) { i.issuer.clear(); }, +[](Intent& i) { i.serial.clear(); },
                     +[](Intent& i) { i.tbs.clear(); }}) {
    Intent intent = MakeIntent(1);
    clear(intent);
    EXPECT_THAT(IntendAndWait(*ledger_, intent), HasCode(Code::kInvalidArgument));
  }
}

TEST_F(SqlLedgerTest, TellsWhenABatchIsDone) {
  std::atomic<int> answered = 0;
  std::atomic<int> answered_before_batch_done = 0;
  std::atomic<int> batches = 0;
  Open({});
  ledger_->SetBatchDone([&] {
    answered_before_batch_done = answered.load();
    ++batches;
    batches.notify_all();
  });
  std::atomic<bool> go = false;
  ASSERT_THAT(ledger_->Intend(MakeIntent(1),
                              [&](const Status&) {
                                ++answered;
                                go.wait(false);
                              }),
              IsOk());
  while (answered == 0) std::this_thread::yield();
  for (std::uint64_t i = 2; i < 12; ++i) {
    ASSERT_THAT(ledger_->Intend(MakeIntent(i), [&](const Status&) { ++answered; }), IsOk());
  }
  go = true;
  go.notify_all();
  for (int seen = batches; seen < 2; seen = batches) batches.wait(seen);
  EXPECT_EQ(batches, 2);
  EXPECT_EQ(answered_before_batch_done, 11);
  ledger_.reset();
}

TEST_F(SqlLedgerTest, WhatACallbackThrowsKeepsNoOtherAndLeavesNothingOpen) {
  Answers answers;
  ASSERT_THAT(ledger_->Intend(MakeIntent(1), [](const Status&) { throw std::bad_alloc(); }), IsOk());
  ASSERT_THAT(ledger_->Intend(MakeIntent(2), answers.For("2")), IsOk());
  EXPECT_THAT(answers.WaitFor(1).front().status, IsOk());
  Flush();
  EXPECT_EQ(ledger_->Stats().in_flight, 1U) << "the second's";
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({.status = EntryStatus::kPossiblyIssued}));
  EXPECT_EQ(entries.size(), 2U);
}

TEST_F(SqlLedgerTest, WhatACallbackThrowsAtARefusalKeepsNoOther) {
  Answers answers;
  {
    const testing::DatabaseLock lock(path_);
    ASSERT_THAT(ledger_->Intend(MakeIntent(1), [](const Status&) { throw std::bad_alloc(); }), IsOk());
    ASSERT_THAT(ledger_->Intend(MakeIntent(2), answers.For("2")), IsOk());
    EXPECT_THAT(answers.WaitFor(1).front().status, HasCode(Code::kUnavailable));
  }
  Flush();
  EXPECT_THAT(IntendAndWait(*ledger_, MakeIntent(3)), IsOk());
}

TEST_F(SqlLedgerTest, AnIntentThatIsLeftStaysPossiblyIssued) {
  const Intent intent = MakeIntent(1);
  ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
  ledger_->Leave(intent.issuer, intent.serial);
  EXPECT_EQ(ledger_->Stats().in_flight, 0U);
  ledger_->Leave(intent.issuer, intent.serial);
  Flush();
  ASSERT_OK_AND_ASSIGN(const auto entries, ledger_->List({}));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().status, EntryStatus::kPossiblyIssued);
}

TEST_F(SqlLedgerTest, WritesEverythingBeforeItCloses) {
  Answers answers;
  for (std::uint64_t i = 0; i < 100; ++i) ASSERT_THAT(ledger_->Intend(MakeIntent(i), answers.For("")), IsOk());
  ledger_.reset();
  const auto all = answers.WaitFor(100);
  for (const auto& answer : all) EXPECT_THAT(answer.status, IsOk());
  ASSERT_OK_AND_ASSIGN(auto reader, OpenLedgerReadOnly(path_));
  ASSERT_OK_AND_ASSIGN(const auto entries, reader->List({.limit = 1000}));
  EXPECT_EQ(entries.size(), 100U);
}

TEST_F(SqlLedgerTest, WritesOutcomesBeforeItCloses) {
  Issue(MakeIntent(1));
  ledger_.reset();
  ASSERT_OK_AND_ASSIGN(auto reader, OpenLedgerReadOnly(path_));
  ASSERT_OK_AND_ASSIGN(const auto entries, reader->List({}));
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries.front().status, EntryStatus::kIssued);
}

TEST_F(SqlLedgerTest, CountsWhatTheRunBeforeLeftOpen) {
  ASSERT_THAT(IntendAndWait(*ledger_, MakeIntent(1)), IsOk());
  ASSERT_THAT(IntendAndWait(*ledger_, MakeIntent(2)), IsOk());
  Issue(MakeIntent(3));
  Open({});
  EXPECT_EQ(ledger_->Stats().possibly_issued, 2U);
  ASSERT_OK_AND_ASSIGN(const auto listed, ledger_->List({.status = EntryStatus::kPossiblyIssued}));
  EXPECT_EQ(listed.size(), 2U);
  Open({});
  EXPECT_EQ(ledger_->Stats().possibly_issued, 0U);  // counted once, by the run that came after
}

TEST_F(SqlLedgerTest, RefusesANewerSchema) {
  ledger_.reset();
  {
    ASSERT_OK_AND_ASSIGN(auto database, store::Database::Open({.path = path_}));
    ASSERT_THAT(database->Execute("INSERT INTO migrations VALUES (1000, 'from the future', 0)"), IsOk());
  }
  EXPECT_THAT(OpenLedger({.path = path_}), HasReason("schema_newer"));
  EXPECT_THAT(OpenLedgerReadOnly(path_), HasReason("schema_newer"));
}

}  // namespace
}  // namespace rootkeep
