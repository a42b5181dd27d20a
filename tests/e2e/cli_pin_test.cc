// `rootkeep pin` beside a running rootkeepd, and that a restart does not send a refused PIN again.
#include <filesystem>

#include "keystore/base/file.h"
#include "tests/e2e/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/softhsm.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;

class CliPin : public DaemonProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Prepare(SoftHsm::ModulePath()));
    std::string config = Config();
    const std::string key = "pin_source: \"file:";
    const auto begin = config.find(key);
    ASSERT_NE(begin, std::string::npos) << config;
    pin_file_ = config.substr(begin + key.size(), config.find('"', begin + key.size()) - begin - key.size());
    std::filesystem::rename(pin_file_, File("right-pin"));
    PutPin("000000");
  }

  void PutPin(const std::string& pin) const { ASSERT_THAT(WriteFileAtomically(pin_file_, pin, 0600), IsOk()); }

  // Starts a daemon that cannot log in, and returns when it has said so.
  void StartLatched() {
    cli::DaemonLog log(files().log());
    ASSERT_OK_AND_ASSIGN(
        daemon_, cli::RunningDaemon::Start(ROOTKEEPD_BINARY, files().config(), files().log(), After(kPatience)));
    EXPECT_TRUE(Eventually([&log, this] {
      auto lines = log.Next();
      if (!lines.ok()) return false;
      for (const cli::LogLine& line : *lines) refusals_ += line.event == "pkcs11.pin_refused" ? 1 : 0;
      return std::ranges::any_of(*lines, [](const cli::LogLine& line) {
        return line.event == "pkcs11.token_down" && line.Field("reason") == "pin_latched";
      });
    }));
  }

  [[nodiscard]] ProgramResult Pin(std::vector<std::string> words) const {
    words.insert(words.begin(), {ROOTKEEP_BINARY, "pin"});
    words.insert(words.end(), {"--config", files().config()});
    return RunProgram(words);
  }

  std::string pin_file_;
  std::unique_ptr<cli::RunningDaemon> daemon_;
  int refusals_ = 0;
};

TEST_F(CliPin, ARefusedPinIsSentOnceAndReplacedWhileTheDaemonRuns) {
  for (int start = 0; start < 3; ++start) {
    ASSERT_NO_FATAL_FAILURE(StartLatched());
    if (start == 2) break;
    ASSERT_EQ(daemon_->Stop(kPatience), 0);
  }
  EXPECT_EQ(refusals_, 1);

  const ProgramResult check = Pin({"check"});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_THAT(check.out, HasSubstr("refused: CKR_PIN_INCORRECT"));
  EXPECT_THAT(check.err, HasSubstr("not sent again"));

  ASSERT_THAT(WriteFileAtomically(File("wrong-pin"), "111111", 0600), IsOk());
  const ProgramResult wrong = Pin({"replace", "--from", File("wrong-pin")});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("the old one stays"));
  EXPECT_EQ(*ReadFile(pin_file_, 64), "000000");

  const ProgramResult right = Pin({"replace", "--from", File("right-pin")});
  EXPECT_EQ(right.exit_code, 0) << right.err;
  EXPECT_THAT(daemon_->WaitServing(After(kPatience)), IsOk());
  EXPECT_THAT(Pin({"check"}).out, HasSubstr("accepted"));
  EXPECT_EQ(daemon_->Stop(kPatience), 0);
}

// A wrong one costs a try of the token's, and the PIN at the PIN source may be wrong as well: nobody sends another
// until the operator says so, and he is told.
TEST_F(CliPin, ANewPinThatIsRefusedIsOnRecord) {
  PutPin(*ReadFile(File("right-pin"), 64));
  ASSERT_OK_AND_ASSIGN(daemon_,
                       cli::RunningDaemon::Start(ROOTKEEPD_BINARY, files().config(), files().log(), After(kPatience)));
  ASSERT_THAT(daemon_->WaitServing(After(kPatience)), IsOk());
  ASSERT_THAT(WriteFileAtomically(File("wrong-pin"), "111111", 0600), IsOk());
  const ProgramResult wrong = Pin({"replace", "--from", File("wrong-pin")});
  EXPECT_EQ(wrong.exit_code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("no PIN is sent to it until one is replaced, or: rootkeep pin unlatch"));
  const ProgramResult check = Pin({"check"});
  EXPECT_EQ(check.exit_code, 1);
  EXPECT_THAT(check.out, HasSubstr("refused: CKR_PIN_INCORRECT to a new PIN"));
  EXPECT_THAT(check.err, HasSubstr("not sent again"));
  EXPECT_THAT(daemon_->WaitServing(After(kPatience)), IsOk()) << "who is logged in stays so";

  EXPECT_EQ(Pin({"unlatch"}).exit_code, 0);
  EXPECT_EQ(Pin({"check"}).exit_code, 0);
  EXPECT_EQ(daemon_->Stop(kPatience), 0);
}

TEST_F(CliPin, AnUnlatchedPinIsSentOnceMore) {
  ASSERT_NO_FATAL_FAILURE(StartLatched());
  PutPin(*ReadFile(File("right-pin"), 64));
  EXPECT_EQ(Pin({"check"}).exit_code, 1) << "the right PIN is not sent either before an operator acts";
  const ProgramResult unlatched = Pin({"unlatch"});
  EXPECT_EQ(unlatched.exit_code, 0) << unlatched.err;
  EXPECT_THAT(daemon_->WaitServing(After(kPatience)), IsOk());
  EXPECT_EQ(daemon_->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
