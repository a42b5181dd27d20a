#include "signer/node/pcr_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rootkeep {
namespace {

using attestation::Algorithm;

const std::string kDigest = std::string(63, '0') + "f";

TEST(PcrText, IsReadable) {
  EXPECT_EQ(PcrText(Algorithm::kSha256, {{.index = 0, .digest = {0xab}}, {.index = 7, .digest = {0x01, 0x02}}}),
            "sha256:0=ab,7=0102");
  EXPECT_EQ(PcrText(Algorithm::kSha256, {}), "");
}

TEST(PcrText, IsReadBack) {
  const std::string text = "sha256:0=" + kDigest + ",23=" + kDigest;
  const auto state = ParsePcrText(text);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->bank, Algorithm::kSha256);
  ASSERT_EQ(state->values.size(), 2U);
  EXPECT_EQ(state->values[1].index, 23);
  EXPECT_EQ(PcrText(state->bank, state->values), text);
  EXPECT_TRUE(ParsePcrText("sha384:1=" + std::string(96, 'a')));
}

TEST(PcrText, AnyOtherTextIsNone) {
  for (const std::string& bad : {std::string(), std::string("sha256"), std::string("sha256:"),
                                 "sha1:0=" + std::string(40, '0'), "sha256:0=" + kDigest + ",", "sha256:24=" + kDigest,
                                 "sha256:256=" + kDigest, "sha256:-1=" + kDigest, "sha256:0=" + kDigest + "0",
                                 fmt::format("sha256:0={0},0={0}", kDigest), fmt::format("sha256:7={0},0={0}", kDigest),
                                 "sha256: 0=" + kDigest, "sha384:0=" + kDigest, "sha256:0" + kDigest}) {
    EXPECT_FALSE(ParsePcrText(bad)) << bad;
  }
}

}  // namespace
}  // namespace rootkeep
