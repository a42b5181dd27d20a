#include <set>

#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/address.h"

namespace rootkeep::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Minimal;
using testing::Parsed;
using testing::ProblemsOf;

std::vector<std::string> NamesServed(const Config& config) {
  std::vector<std::string> out;
  for (const GeneralName& name : config.listeners.at(0).server_names) out.push_back(name.ToText());
  return out;
}

TEST(EndpointsTest, ServerNamesAlwaysHoldTheUsualOnes) {
  EXPECT_THAT(NamesServed(Parsed(Minimal())), ElementsAre("istiod.istio-system.svc", "localhost", "127.0.0.1"));
  const Config config =
      Parsed(Minimal("listeners: [{name: a, server_names: [ca.example.com, localhost, \"2001:db8::1\", 192.0.2.1, "
                     "ca.example.com]}]\n"));
  EXPECT_THAT(NamesServed(config), ElementsAre("istiod.istio-system.svc", "localhost", "127.0.0.1", "ca.example.com",
                                               "2001:db8::1", "192.0.2.1"));
  EXPECT_EQ(config.listeners[0].server_names[4].kind, GeneralName::Kind::kIp);
}

TEST(EndpointsTest, ServerNamesAreDnsNamesOrAddresses) {
  for (const std::string_view name : {"a b", "spiffe://x/ns/y/sa/z", "", ".example", "a..b", "*.example.com", "a/b"}) {
    EXPECT_THAT(ProblemsOf(Minimal("listeners: [{name: a, server_names: [\"" + std::string(name) + "\"]}]\n")),
                HasSubstr("c.yaml:13:37: listeners[0].server_names: "))
        << name;
  }
}

TEST(EndpointsTest, Addresses) {
  for (const std::string_view address : {"127.0.0.1:0", "0.0.0.0:15012", "[::1]:65535", "[::]:1"}) {
    EXPECT_EQ(ProblemsOf(Minimal("listeners: [{name: a, address: \"" + std::string(address) + "\"}]\n")), "")
        << address;
  }
  for (const std::string_view address :
       {"", ":15012", "localhost:15012", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1 ",
        "::1:15012", "[127.0.0.1]:1", "127.1:1", "unix:/run/s", "[::1:1"}) {
    EXPECT_THAT(ProblemsOf(Minimal("listeners: [{name: a, address: \"" + std::string(address) + "\"}]\n")),
                HasSubstr("c.yaml:13:32: listeners[0].address: "))
        << address;
  }
}

TEST(EndpointsTest, HealthIsLoopbackOrASocket) {
  for (const std::string_view address :
       {"127.0.0.1:0", "127.9.9.9:1", "[::1]:15016", "unix:/run/rootkeep/health.sock"}) {
    EXPECT_EQ(ProblemsOf(Minimal("health: [{address: \"" + std::string(address) + "\"}]\n")), "") << address;
  }
  for (const std::string& address :
       {std::string("0.0.0.0:15016"), std::string("192.0.2.1:1"), std::string("[::]:1"), std::string("unix:run/s"),
        std::string("unix:"), "unix:/" + std::string(107, 'x'), std::string("/run/s")}) {
    EXPECT_THAT(ProblemsOf(Minimal("health: [{address: \"" + address + "\"}]\n")), HasSubstr("health[0].address: "))
        << address;
  }
}

TEST(EndpointsTest, LoopbackIsWhatOnlyThisHostReaches) {
  for (const char* address :
       {"127.0.0.1:1", "127.9.9.9:0", "[::1]:1", "[0:0:0:0:0:0:0:1]:1", "[::ffff:127.0.0.1]:1", "unix:/run/x"}) {
    EXPECT_TRUE(IsLoopback(address)) << address;
  }
  for (const char* address : {"127.example.com:1", "127.:1", "localhost:1", "[::2]:1", "[::]:1", "[100::1]:1",
                              "[::ffff:10.0.0.1]:1", "192.0.2.1:1", "127.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(address)) << address;
  }
}

TEST(EndpointsTest, EveryInterfaceIsSoHoweverItIsWritten) {
  for (const char* address : {"0.0.0.0:1", "[::]:1", "[::0]:1", "[0:0:0:0:0:0:0:0]:1", "[::ffff:0.0.0.0]:1"}) {
    EXPECT_TRUE(IsEveryInterface(address)) << address;
  }
  for (const char* address : {"0.0.0.1:1", "[::1]:1", "0.0.0.0.example.com:1", "unix:/run/x", ""}) {
    EXPECT_FALSE(IsEveryInterface(address)) << address;
  }
}

TEST(EndpointsTest, EmptyListMeansNone) {
  const Config config = Parsed(Minimal("operations: []\nhealth: []\n"));
  EXPECT_TRUE(config.operations.empty());
  EXPECT_TRUE(config.health.empty());
  EXPECT_THAT(ProblemsOf(Minimal("listeners: []\n")), HasSubstr("listeners: is empty"));
}

TEST(EndpointsTest, MetricsForEverybodyAreWarnedOf) {
  EXPECT_THAT(Warnings(Parsed(Minimal("operations: [{address: \"127.0.0.1:15014\"}, {address: \"[::1]:15015\"}]\n"))),
              ::testing::IsEmpty());
  EXPECT_THAT(Warnings(Parsed(Minimal("operations: [{address: \"0.0.0.0:15014\"}]\n"))),
              ::testing::ElementsAre(HasSubstr("operations on 0.0.0.0:15014")));
}

TEST(EndpointsTest, NoTwoServicesOnOnePort) {
  EXPECT_EQ(ProblemsOf(Minimal("operations: [{address: \"127.0.0.1:15012\"}]\n")),
            "c.yaml:13:24: operations[0].address: 127.0.0.1:15012 is taken by another service above");
  EXPECT_EQ(
      ProblemsOf(Minimal("listeners: [{name: a, address: \"127.0.0.1:0\"}, {name: b, address: \"127.0.0.1:0\"}]\n")),
      "");
  EXPECT_THAT(ProblemsOf(Minimal("listeners: [{name: a}, {name: a, address: \"[::1]:1\"}]\n")),
              HasSubstr("listeners[1].name: \"a\" is there already"));
}

}  // namespace
}  // namespace rootkeep::config
