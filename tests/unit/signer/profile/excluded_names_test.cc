#include "signer/profile/excluded_names.h"

#include <gmock/gmock.h>

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

ExcludedNames Of(const std::vector<std::string>& hosts) {
  ExcludedNames out;
  for (const std::string& host : hosts) out.AddHost(GeneralNameFromText(host));
  return out;
}

// "*.istio-system.svc" is istiod's name too.
TEST(ExcludedNames, AHostTakesItsDomainWithItWhereAWildcardCouldStandForIt) {
  EXPECT_THAT(Of({"istiod.istio-system.svc"}).dns, ElementsAre("istio-system.svc"));
  EXPECT_THAT(Of({"CA.mesh.example.com"}).dns, ElementsAre("mesh.example.com"));
  EXPECT_THAT(Of({"localhost", "ca.example"}).dns, ElementsAre("localhost", "ca.example"));
}

TEST(ExcludedNames, NothingIsNamedTwice) {
  EXPECT_THAT(Of({"a.example.com", "b.example.com", "c.b.example.com", "xexample.com", "example.com"}).dns,
              ElementsAre("example.com", "xexample.com"));
  EXPECT_EQ(Of({"127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1"}).addresses.size(), 2U);
}

TEST(ExcludedNames, AnAddressIsOneWithAllBits) {
  const ExcludedNames names = Of({"192.0.2.1", "::1"});
  ASSERT_EQ(names.addresses.size(), 3U);
  EXPECT_EQ(ToHex(names.addresses[0]), "c0000201ffffffff");
  EXPECT_EQ(ToHex(names.addresses[2]), "00000000000000000000000000000001ffffffffffffffffffffffffffffffff");
}

TEST(ExcludedNames, AnIpv4AddressIsExcludedAsIpv6WritesItToo) {
  const std::string mapped = "00000000000000000000ffffc0000201ffffffffffffffffffffffffffffffff";
  for (const char* host : {"192.0.2.1", "::ffff:192.0.2.1"}) {
    std::vector<std::string> addresses;
    for (const Bytes& address : Of({host}).addresses) addresses.push_back(ToHex(address));
    EXPECT_THAT(addresses, UnorderedElementsAre("c0000201ffffffff", mapped)) << host;
  }
}

TEST(ExcludedNames, ASpiffeIdIsNoHost) { EXPECT_TRUE(Of({"spiffe://cluster.local/ns/a/sa/b"}).empty()); }

TEST(ExcludedNames, EveryHostIsEachNameAndAddress) {
  EXPECT_THAT(EveryHost().dns, ElementsAre(""));
  EXPECT_THAT(EveryHost().addresses, ElementsAre(Bytes(8, 0), Bytes(32, 0)));
}

}  // namespace
}  // namespace rootkeep
