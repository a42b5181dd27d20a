#include "tools/rootkeep/parse.h"

#include <iterator>
#include <set>
#include <sstream>
#include <stdexcept>

#include "tests/support/matchers.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

int seen_number = 0;

Action Declare(Options& options) {
  auto number = std::make_shared<std::uint32_t>(7);
  options.Number("--number", *number, 1, 10, "A number");
  return [number]() -> Status {
    seen_number = static_cast<int>(*number);
    if (*number == 8) return Unavailable("the device is away").WithHint("plug it in");
    if (*number == 9) return UsageError("nine needs a friend");
    if (*number == 10) throw std::runtime_error("surprise");
    return Ok();
  };
}

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome RunLine(std::vector<std::string> words, const std::vector<Command>& commands) {
  words.insert(words.begin(), "rootkeep");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code = Run(commands, static_cast<int>(argv.size()), argv.data());
  return {code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
}

Outcome RunTest(const std::vector<std::string>& words) {
  return RunLine(words, {{.group = "key",
                          .name = "try",
                          .summary = "Tries",
                          .example = "rootkeep key try --number 3",
                          .declare = Declare}});
}

TEST(ParseTest, RunsTheCommandWithItsOptions) {
  EXPECT_EQ(RunTest({"key", "try", "--number", "3"}).code, kExitOk);
  EXPECT_EQ(seen_number, 3);
  EXPECT_EQ(RunTest({"key", "try"}).code, kExitOk);
  EXPECT_EQ(seen_number, 7);
}

TEST(ParseTest, AFailureHasItsHint) {
  const Outcome outcome = RunTest({"key", "try", "--number", "8"});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_EQ(outcome.err, "rootkeep: the device is away\nhint: plug it in\n");
  EXPECT_EQ(outcome.out, "");
}

TEST(ParseTest, AWrongCommandLineIsTold) {
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"key"},
                                                    {"bogus"},
                                                    {"key", "bogus"},
                                                    {"key", "try", "--bogus"},
                                                    {"key", "try", "--number", "11"},
                                                    {"key", "try", "--number", "x"},
                                                    {"key", "try", "extra"},
                                                    {"key", "try", "--number", "9"}};
  for (const auto& words : wrong) {
    const Outcome outcome = RunTest(words);
    EXPECT_EQ(outcome.code, kExitUsage) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("rootkeep: "));
    EXPECT_EQ(outcome.out, "");
  }
  EXPECT_THAT(RunTest({"bogus"}).err, HasSubstr("\"bogus\" is not a command"));
  EXPECT_THAT(RunTest({"key", "bogus"}).err, HasSubstr("hint: rootkeep key --help"));
}

TEST(ParseTest, HelpForWhatIsNoCommandIsAMistakeToo) {
  for (const auto& words :
       {std::vector<std::string>{"bogus", "--help"}, {"key", "bogus", "--help"}, {"help", "bogus"}}) {
    const Outcome outcome = RunTest(words);
    EXPECT_EQ(outcome.code, kExitUsage);
    EXPECT_THAT(outcome.err, HasSubstr("\"bogus\" is not a command"));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(ParseTest, WhatALibraryThrowsIsAFailure) {
  const Outcome outcome = RunTest({"key", "try", "--number", "10"});
  EXPECT_EQ(outcome.code, kExitFailed);
  EXPECT_THAT(outcome.err, HasSubstr("surprise"));
}

std::vector<std::string> WordsOf(const std::string& line) {
  std::istringstream in(line);
  return {std::istream_iterator<std::string>(in), {}};
}

TEST(ParseTest, EveryCommandHasHelpWithAnExampleOfItself) {
  std::set<std::string> names;
  for (const Command& command : Commands()) {
    const std::string words = command.group.empty() ? command.name : command.group + " " + command.name;
    EXPECT_TRUE(names.insert(words).second) << words << " is there twice";
    std::vector<std::string> line = WordsOf(words);
    line.emplace_back("--help");
    const Outcome outcome = RunLine(line, Commands());
    EXPECT_EQ(outcome.code, kExitOk);
    EXPECT_THAT(outcome.out, HasSubstr("example:\n  rootkeep " + words)) << words;
    EXPECT_EQ(outcome.err, "");
  }
}

TEST(ParseTest, EveryGroupHasHelpWithASummaryAndAnExample) {
  EXPECT_THAT(RunLine({"--help"}, Commands()).out, HasSubstr("example:\n  rootkeep "));
  for (const Command& command : Commands()) {
    std::vector<std::string> line = WordsOf(command.group);
    if (line.empty()) continue;
    const std::string name = line.back();
    line.back() = "--help";
    EXPECT_THAT(RunLine(line, Commands()).out, ContainsRegex("\n  " + name + " +[A-Z]")) << name << " has no summary";
    line.insert(line.end() - 1, name);
    const Outcome outcome = RunLine(line, Commands());
    EXPECT_EQ(outcome.code, kExitOk);
    EXPECT_THAT(outcome.out, HasSubstr("example:\n  rootkeep " + command.group + " "));
  }
}

TEST(ParseTest, HelpAndVersionMayBeAskedForEitherWay) {
  EXPECT_EQ(RunLine({"help"}, Commands()).out, RunLine({"--help"}, Commands()).out);
  EXPECT_EQ(RunLine({"help", "key", "create"}, Commands()).out, RunLine({"key", "create", "--help"}, Commands()).out);
  const Outcome version = RunLine({"--version"}, Commands());
  EXPECT_EQ(version.code, kExitOk);
  EXPECT_THAT(version.out, StartsWith("rootkeep "));
  EXPECT_EQ(version.out, RunLine({"version"}, Commands()).out);
}

}  // namespace
}  // namespace rootkeep::cli
