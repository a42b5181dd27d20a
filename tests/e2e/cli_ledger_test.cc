#include <cctype>
#include <nlohmann/json.hpp>

#include "signer/ledger/open_ledger.h"
#include "signer/store/state_dir.h"
#include "tests/support/ledger_load.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class CliLedgerTest : public ::testing::Test {
 protected:
  // One entry issued, one failed, one left without an outcome, while the daemon's side keeps the ledger open.
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(const store::StateDir directory, store::StateDir::Prepare(state_));
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = directory.database_path()}));
    issued_.attested_node = "node-7";
    for (const Intent& intent : {issued_, failed_, open_}) ASSERT_THAT(IntendAndWait(*ledger_, intent), IsOk());
    ledger_->Complete(issued_.issuer, issued_.serial, MakeCertificate(issued_));
    ledger_->Fail(failed_.issuer, failed_.serial, "the token went away");
    ASSERT_THAT(ledger_->Flush(After(std::chrono::seconds(30))), IsOk());
  }

  ProgramResult Run(std::vector<std::string> words) const {
    words.insert(words.begin(), ROOTKEEP_BINARY);
    words.insert(words.end(), {"--state", state_});
    return RunProgram(words);
  }

  json RunJson(std::vector<std::string> words) const {
    words.emplace_back("--json");
    const ProgramResult result = Run(words);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return json::parse(result.out, nullptr, false);
  }

  TempDir dir_;
  std::string state_ = dir_ / "state";
  Intent issued_ = MakeIntent(1);
  Intent failed_ = MakeIntent(2);
  Intent open_ = MakeIntent(3);
  std::unique_ptr<Ledger> ledger_;
};

TEST_F(CliLedgerTest, ListsTheNewestFirstWhileTheLedgerIsInUse) {
  const json list = RunJson({"ledger", "list"});
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0]["serial"], open_.serial);
  EXPECT_EQ(list[0]["status"], "possibly issued");
  EXPECT_EQ(list[1]["status"], "failed");
  EXPECT_EQ(list[1]["failure"], "the token went away");
  EXPECT_EQ(list[2]["status"], "issued");
  EXPECT_EQ(list[2]["names"], issued_.sans);
  EXPECT_THAT(Run({"ledger", "list"}).out, HasSubstr(issued_.serial));
}

TEST_F(CliLedgerTest, FiltersByStatusNameAndNumber) {
  EXPECT_EQ(RunJson({"ledger", "list", "--status", "possibly issued"}).size(), 1U);
  EXPECT_EQ(RunJson({"ledger", "list", "--status", "issued"})[0]["serial"], issued_.serial);
  EXPECT_EQ(RunJson({"ledger", "list", "--limit", "2"}).size(), 2U);
  EXPECT_EQ(RunJson({"ledger", "list", "--san", "no-such-name"}).size(), 0U);
}

TEST_F(CliLedgerTest, ShowsAnEntryBySerialAndByRequestId) {
  const json by_serial = RunJson({"ledger", "show", issued_.serial});
  ASSERT_EQ(by_serial.size(), 1U);
  EXPECT_EQ(by_serial[0]["certificate"], ToBase64(MakeCertificate(issued_)));
  EXPECT_EQ(by_serial[0]["tbs"], ToBase64(issued_.tbs));
  EXPECT_EQ(RunJson({"ledger", "show", issued_.request_id}), by_serial);
  EXPECT_EQ(by_serial[0]["attested_node"], "node-7");
  const ProgramResult words = Run({"ledger", "show", issued_.serial});
  EXPECT_THAT(words.out, HasSubstr(issued_.caller));
  EXPECT_THAT(words.out, HasSubstr("attested_node  node-7\n"));
  EXPECT_THAT(words.out, HasSubstr("BEGIN CERTIFICATE"));
}

TEST_F(CliLedgerTest, ASerialInCapitalsIsTheSameSerial) {
  std::string capitals = issued_.serial;
  for (char& c : capitals) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  ASSERT_NE(capitals, issued_.serial);
  EXPECT_EQ(RunJson({"ledger", "show", capitals}), RunJson({"ledger", "show", issued_.serial}));
}

TEST_F(CliLedgerTest, NothingAskedForShowsNothing) {
  const ProgramResult result = Run({"ledger", "show", ""});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("give a serial"));
}

TEST_F(CliLedgerTest, WhatIsNotThereIsAFailure) {
  const ProgramResult result = Run({"ledger", "show", "00ff"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("00ff"));
}

TEST_F(CliLedgerTest, AStateDirectoryThatIsNoneIsAFailure) {
  const ProgramResult result = RunProgram({ROOTKEEP_BINARY, "ledger", "list", "--state", dir_ / "elsewhere"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(RunProgram({ROOTKEEP_BINARY, "ledger", "list"}).exit_code, 2);
}

TEST_F(CliLedgerTest, OutputThatIsLostIsAFailure) {
  const std::vector<std::vector<std::string>> commands{
      {"version"}, {"--version"}, {"--help"}, {"ledger", "list", "--state", state_, "--json"}};
  for (const auto& words : commands) {
    std::vector<std::string> argv{"/bin/sh", "-c", "exec \"$0\" \"$@\" > /dev/full", ROOTKEEP_BINARY};
    argv.insert(argv.end(), words.begin(), words.end());
    const ProgramResult result = RunProgram(argv);
    EXPECT_EQ(result.exit_code, 1) << words.front();
    EXPECT_THAT(result.err, HasSubstr("standard output"));
  }
}

}  // namespace
}  // namespace rootkeep::testing
