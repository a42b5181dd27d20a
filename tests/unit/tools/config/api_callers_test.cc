#include <fmt/format.h>

#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/make_policy.h"

namespace rootkeep::config {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Minimal;
using testing::Parsed;
using testing::ProblemsOf;

constexpr std::string_view kSocket = "socket: {path: /run/rootkeep/spire.sock, users: [spire]}";

std::string With(std::string_view rest, std::string_view known_by = kSocket) {
  return Minimal(fmt::format("api_callers:\n  - name: spire\n    {}\n    {}\n", known_by, rest));
}

TEST(ApiCallersConfigTest, NobodyIsOneByDefaultAndNothingIsAllowedByDefault) {
  EXPECT_THAT(Parsed(Minimal()).api_callers, IsEmpty());
  const Config config = Parsed(With(""));
  const rootkeep::ApiCaller& caller = config.api_callers.at(0).caller;
  EXPECT_EQ(caller.name, "spire");
  EXPECT_EQ(caller.trust_domain, "cluster.local");
  EXPECT_FALSE(caller.foreign_ca || caller.watch_bundle || caller.publish_jwt_keys);
  EXPECT_THAT(caller.roles, IsEmpty());
  const CallerSocket& socket = config.api_callers.at(0).socket.value();
  EXPECT_EQ(socket.path, "/run/rootkeep/spire.sock");
  EXPECT_EQ(socket.mode, 0600U);
  EXPECT_THAT(socket.users, ElementsAre("spire"));
}

TEST(ApiCallersConfigTest, ReachesThePolicy) {
  const Config config =
      Parsed(With("foreign_ca: {path_length: 1, lifetimes: {default: 1h, max: 2h}}\n    watch_bundle: true\n    "
                  "publish_jwt_keys: true\n    roles: [viewer, security-officer]"));
  const Policy policy = MakePolicy(config, {});
  const rootkeep::ApiCaller& caller = policy.api_callers.at(0);
  EXPECT_EQ(caller, config.api_callers.at(0).caller);
  EXPECT_EQ(caller.foreign_ca->path_length, 1U);
  EXPECT_EQ(caller.foreign_ca->lifetime.default_ttl, hours(1));
  EXPECT_EQ(caller.foreign_ca->lifetime.max_ttl, hours(2));
  EXPECT_EQ(caller.foreign_ca->lifetime.min_ttl, minutes(1));
  EXPECT_EQ(caller.foreign_ca->lifetime.backdate, seconds(10));
  EXPECT_TRUE(caller.foreign_ca->lifetime.shorten);
  EXPECT_EQ(caller.foreign_ca->hosts, HostsBelow::kNotOurs);
  EXPECT_TRUE(caller.watch_bundle);
  EXPECT_TRUE(caller.publish_jwt_keys);
  EXPECT_THAT(caller.roles, ElementsAre(Role::kViewer, Role::kSecurityOfficer));
}

TEST(ApiCallersConfigTest, SaysWhatHostsNamesMayBeBelowACa) {
  const auto hosts = [](const std::string& word) {
    return Parsed(With("foreign_ca: {hosts: " + word + "}")).api_callers.at(0).caller.foreign_ca->hosts;
  };
  EXPECT_EQ(hosts("not-ours"), HostsBelow::kNotOurs);
  EXPECT_EQ(hosts("none"), HostsBelow::kNone);
  EXPECT_EQ(hosts("any"), HostsBelow::kAny);
  EXPECT_THAT(ProblemsOf(With("foreign_ca: {hosts: some}")), HasSubstr("hosts"));
}

TEST(ApiCallersConfigTest, OurHostsAreWhatListenersAndNodesAreCalled) {
  EXPECT_THAT(MakePolicy(Parsed(Minimal()), {}).our_hosts.dns, ElementsAre("istio-system.svc", "localhost"));
  const Policy policy =
      MakePolicy(Parsed(Minimal("listeners: [{name: a, server_names: [ca.mesh.example, 192.0.2.1]}]\n")), {});
  EXPECT_THAT(policy.our_hosts.dns, ElementsAre("istio-system.svc", "localhost", "mesh.example"));
  EXPECT_EQ(policy.our_hosts.addresses.size(), 4U) << "127.0.0.1 is always one, and each has two forms";
}

TEST(ApiCallersConfigTest, ACallerIsKnownInOneWay) {
  const std::string identity = "spiffe_id: \"spiffe://cluster.local/ns/spire/sa/server\"";
  EXPECT_EQ(Parsed(With("", identity)).api_callers.at(0).caller.spiffe_id, "spiffe://cluster.local/ns/spire/sa/server");
  EXPECT_THAT(ProblemsOf(With("", "watch_bundle: true")), HasSubstr("either this or spiffe_id is required"));
  EXPECT_THAT(ProblemsOf(With(identity)), HasSubstr("either this or spiffe_id is required"));
  EXPECT_THAT(ProblemsOf(With("", "spiffe_id: \"spiffe://cluster.local\"")), HasSubstr("api_callers[0].spiffe_id"));
  EXPECT_THAT(ProblemsOf(With("", "spiffe_id: \"spiffe://other.local/ns/a/sa/b\"")),
              HasSubstr("is not of trust domain cluster.local"));
}

TEST(ApiCallersConfigTest, ASocketSaysWhoseProcessesItsCallerIs) {
  EXPECT_THAT(ProblemsOf(With("", "socket: {path: /s}")), HasSubstr("api_callers[0].socket.users: is required"));
  EXPECT_THAT(ProblemsOf(With("", "socket: {path: /s, users: [\"\"]}")), HasSubstr("has an empty name"));
  EXPECT_THAT(ProblemsOf(With("", "socket: {path: s, users: [a]}")), HasSubstr("is not an absolute path"));
  EXPECT_THAT(ProblemsOf(With("", "socket: {path: /s, users: [a], mode: \"0777\"}")), HasSubstr("is not a mode"));
}

TEST(ApiCallersConfigTest, NoTwoShareWhatTheyAreKnownBy) {
  const auto twice = [](std::string_view a, std::string_view b) {
    return ProblemsOf(Minimal(fmt::format("api_callers:\n  - {}\n  - {}\n", a, b)));
  };
  EXPECT_THAT(twice("{name: a, socket: {path: /s, users: [x]}}", "{name: b, socket: {path: /s, users: [x]}}"),
              HasSubstr("\"/s\" is there already"));
  EXPECT_THAT(twice("{name: a, socket: {path: /s, users: [x]}}", "{name: a, socket: {path: /t, users: [x]}}"),
              HasSubstr("\"a\" is there already"));
  const char* identity = "spiffe_id: \"spiffe://cluster.local/ns/a/sa/b\"";
  EXPECT_THAT(twice(fmt::format("{{name: a, {}}}", identity), fmt::format("{{name: b, {}}}", identity)),
              HasSubstr("is there already"));
}

TEST(ApiCallersConfigTest, LifetimesAreBounded) {
  const auto problems = [](std::string_view lifetimes) {
    return ProblemsOf(With(fmt::format("foreign_ca: {{lifetimes: {{{}}}}}", lifetimes)));
  };
  EXPECT_THAT(problems("min: 59s"), HasSubstr("lifetimes.min: is less than 1m"));
  EXPECT_THAT(problems("backdate: 9s"), HasSubstr("lifetimes.backdate: is less than 10s"));
  EXPECT_THAT(problems("max: 1h"), HasSubstr("lifetimes.default"));
  EXPECT_THAT(problems("backdate: 1m"), HasSubstr("not more than twice the backdate"));
  EXPECT_THAT(ProblemsOf(With("foreign_ca: {path_length: 9}")), HasSubstr("is not 0 to 8"));
}

TEST(ApiCallersConfigTest, RolesAreWords) {
  EXPECT_THAT(ProblemsOf(With("roles: [root]")),
              HasSubstr("expected one of viewer, operator, security-officer, auditor"));
}

}  // namespace
}  // namespace rootkeep::config
