// That every word which code behind the wire puts into an error arrives: one that is not in the table is lost on the
// way, and callers who act on it act otherwise when their token is behind a process.
#include "keystore/reason_words.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace rootkeep::isolated {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What is compiled into the token host, and says something about a token: relative to the source tree.
constexpr auto kBehindTheWire =
    std::to_array<const char*>({"keystore", "keystore/base", "keystore/isolated/host", "keystore/isolated/wire",
                                "keystore/pkcs11", "tools/token-host"});

std::vector<std::string> Sources() {
  std::vector<std::string> texts;
  for (const char* folder : kBehindTheWire) {
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(ROOTKEEP_SOURCE_TREE) / folder)) {
      const std::string extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".cc" && extension != ".h")) continue;
      std::ifstream file(entry.path());
      texts.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  return texts;
}

// Between the parenthesis at `open` and its own end.
std::string Argument(const std::string& text, std::size_t open) {
  int depth = 0;
  std::size_t end = open;
  do {
    if (text[end] == '(' || text[end] == '{') ++depth;
    if (text[end] == ')' || text[end] == '}') --depth;
  } while (++end < text.size() && depth > 0);
  return text.substr(open + 1, end - open - 2);
}

std::vector<std::string> Matches(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) found.push_back((*at)[1]);
  return found;
}

// The words themselves, and the places where this test cannot tell which word it will be.
struct Said {
  std::set<std::string> words;
  std::vector<std::string> unclear;
};

Said ReasonsSaid() {
  static const std::regex constant(R"re((kReason\w+)\s*=\s*"(\w+)")re");
  static const std::regex call(R"re(\.WithReason(\())re");
  static const std::regex literal(R"re("(\w+)")re");
  static const std::regex name(R"re((kReason\w+))re");
  const std::vector<std::string> texts = Sources();
  std::map<std::string, std::string> constants;
  for (const std::string& text : texts) {
    for (std::sregex_iterator at(text.begin(), text.end(), constant), end; at != end; ++at) {
      constants[(*at)[1]] = (*at)[2];
    }
  }
  Said said;
  // Also what is written down and not said yet, or said from a variable.
  for (const auto& [key, word] : constants) said.words.insert(word);
  for (const std::string& text : texts) {
    for (std::sregex_iterator at(text.begin(), text.end(), call), end; at != end; ++at) {
      const std::string argument = Argument(text, static_cast<std::size_t>(at->position(1)));
      const auto literals = Matches(argument, literal);
      said.words.insert(literals.begin(), literals.end());
      const auto names = Matches(argument, name);
      const bool known = std::ranges::all_of(names, [&](const auto& used) { return constants.contains(used); });
      if (!known || (literals.empty() && names.empty())) said.unclear.push_back(argument);
    }
  }
  return said;
}

std::set<std::string> DomainsSaid() {
  static const std::regex native(R"re(WithNative\(\{"(\w+)")re");
  std::set<std::string> domains;
  for (const std::string& text : Sources()) {
    for (const std::string& domain : Matches(text, native)) domains.insert(domain);
  }
  return domains;
}

TEST(IsolatedWords, EveryReasonOfTheCodeBehindTheWireArrives) {
  const Said said = ReasonsSaid();
  for (const std::string& word : said.words) EXPECT_EQ(KnownWord(word), word);
  // One that this test does not see would be worse than none.
  EXPECT_THAT(said.unclear, ElementsAre("KnownWord(reason)"));
  // It looks where it should.
  for (const char* word : {"token_absent", "pin_latched", "key_not_found", "key_lost", "queue_full", "key_number"}) {
    EXPECT_THAT(said.words, Contains(word));
  }
}

TEST(IsolatedWords, EveryDomainOfTheCodeBehindTheWireArrives) {
  const std::set<std::string> domains = DomainsSaid();
  for (const std::string& domain : domains) EXPECT_EQ(KnownWord(domain), domain);
  EXPECT_THAT(domains, ElementsAre("CKR", "OpenSSL", "errno"));
}

TEST(IsolatedWords, NoOtherWordArrives) {
  EXPECT_THAT(KnownWord("made_up"), IsEmpty());
  EXPECT_THAT(KnownWord(""), IsEmpty());
  // That a host is gone is for this side to say.
  for (const char* word : {"token_host_lost", "token_host_hung", "token_host_down", "token_host_program"}) {
    EXPECT_THAT(KnownWord(word), IsEmpty());
  }
}

}  // namespace
}  // namespace rootkeep::isolated
