#include "attestation/verifier/reasons.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace rootkeep::attestation {
namespace {

// Every word of reasons.h, as the header spells it.
std::set<std::string> Declared() {
  std::ostringstream text;
  text << std::ifstream(RK_VERIFIER_REASONS).rdbuf();
  const std::string header = text.str();
  const std::regex word("string_view k\\w+ = \"(\\w+)\";");
  std::set<std::string> words;
  for (std::sregex_iterator at(header.begin(), header.end(), word), end; at != end; ++at) words.insert((*at)[1]);
  return words;
}

TEST(Reasons, AllHaveWordsForPeople) {
  const std::set<std::string> declared = Declared();
  EXPECT_GT(declared.size(), 70U);
  std::set<std::string_view> sentences;
  for (const std::string& word : declared) {
    const std::string_view words = InWords(word);
    EXPECT_NE(words, word);
    EXPECT_NE(words.find(' '), std::string_view::npos) << word;
    EXPECT_TRUE(sentences.insert(words).second) << word << " is explained as another is";
  }
  EXPECT_EQ(InWords("no such word"), "no such word");
}

TEST(Reasons, SayWhatFollows) {
  EXPECT_EQ(ConsequenceOf(reason::kRestartedBetween), Consequence::kRepeat);
  EXPECT_EQ(ConsequenceOf(reason::kTpmCleared), Consequence::kEnrolAgain);
  EXPECT_EQ(ConsequenceOf(reason::kAkChanged), Consequence::kEnrolAgain);
  EXPECT_EQ(ConsequenceOf(reason::kClockRollback), Consequence::kFailed);
  EXPECT_EQ(ConsequenceOf(reason::kPcrMismatch), Consequence::kFailed);
  EXPECT_EQ(ConsequenceOf(""), Consequence::kFailed);
}

// A mistake of the operator's, or want of memory, is no word against the node.
TEST(Reasons, AreNotAllTheNodes) {
  for (const std::string_view ours : {reason::kInternal, reason::kPcrPolicyEmpty, reason::kPcrPolicyIncomplete,
                                      reason::kPcrNotQuoted, reason::kFirmwareUnlisted}) {
    EXPECT_EQ(ConsequenceOf(ours), Consequence::kNoVerdict) << ours;
  }
}

TEST(Reasons, AreInTheError) {
  const Error error = Failure(reason::kQuoteNonce, "by an hour");
  EXPECT_EQ(error.code(), Code::kPermissionDenied);
  EXPECT_EQ(error.reason(), "quote_nonce");
  EXPECT_EQ(error.message(), "the quote answers another challenge: by an hour");
}

}  // namespace
}  // namespace rootkeep::attestation
