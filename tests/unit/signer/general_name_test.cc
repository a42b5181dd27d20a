#include "signer/general_name.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

TEST(GeneralName, FollowsIstiodsRule) {
  EXPECT_EQ(GeneralNameFromText("spiffe://td/ns/a/sa/b").kind, GeneralName::Kind::kUri);
  EXPECT_EQ(GeneralNameFromText("istiod.istio-system.svc").kind, GeneralName::Kind::kDns);
  const GeneralName v4 = GeneralNameFromText("127.0.0.1");
  EXPECT_EQ(v4.kind, GeneralName::Kind::kIp);
  EXPECT_EQ(v4.value, std::string("\x7f\0\0\x01", 4));
  EXPECT_EQ(v4.ToText(), "127.0.0.1");
  EXPECT_EQ(GeneralNameFromText("::1").value.size(), 16U);
}

TEST(GeneralName, DescribesAList) {
  EXPECT_EQ(Describe({GeneralNameFromText("spiffe://a/ns/b/sa/c"), GeneralNameFromText("10.0.0.1")}),
            "spiffe://a/ns/b/sa/c, 10.0.0.1");
}

}  // namespace
}  // namespace rootkeep
