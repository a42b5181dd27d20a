// The section `attestation`, and the files that it names.
#include <sys/stat.h>

#include "keystore/base/file.h"
#include "signer/der/pem.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"
#include "tests/support/test_crl.h"
#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/make_node_rules.h"
#include "tools/config/make_policy.h"

namespace rootkeep::config {
namespace {

using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::Says;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Minimal;
using testing::Parsed;
using testing::ProblemsOf;

const std::string kDigest(64, 'a');
const std::string kOther(64, 'b');
const std::string kValues = "generations: [{name: now, pcrs: [{pcr: 0, values: [" + kDigest + "]}, {pcr: 7, values: [" +
                            kDigest + ", " + kOther + "]}]}]";

const std::string kShim = "{type: EV_EFI_BOOT_SERVICES_APPLICATION, digests: [" + kDigest + ", " + kOther + "]}";

// Of one group, with `group` in it and `rest` beside it.
std::string With(const std::string& group, const std::string& rest = "") {
  return Minimal("attestation:\n  groups:\n    - {name: workers, pcrs: [7, 0], " + group + "}\n" + rest);
}

TEST(AttestationConfigTest, IsOffByDefault) {
  EXPECT_FALSE(Parsed(Minimal()).attestation);
  EXPECT_FALSE(MakePolicy(Parsed(Minimal()), {}).node_lifetime);
}

TEST(AttestationConfigTest, Defaults) {
  const Config config = Parsed(With(kValues));
  ASSERT_TRUE(config.attestation);
  const Attestation& attestation = *config.attestation;
  EXPECT_EQ(attestation.first_enrolment, FirstEnrolment::kDeny);
  EXPECT_EQ(attestation.lifetime, std::chrono::hours(1));
  EXPECT_EQ(attestation.authority, "mesh");
  EXPECT_EQ(attestation.node_uri, NodeUriTemplate());
  EXPECT_EQ(attestation.server_names, NodeNames());
  ASSERT_EQ(attestation.groups.size(), 1U);
  EXPECT_THAT(attestation.groups[0].pcrs, ElementsAre(0, 7));
  EXPECT_FALSE(attestation.groups[0].learn);
  EXPECT_EQ(attestation.groups[0].generations[0].pcrs.at(7).size(), 2U);
}

TEST(AttestationConfigTest, NodesCertificatesLiveAsLongAsEvidenceCounts) {
  const Policy policy = MakePolicy(Parsed(With(kValues, "  lifetime: 30m\n")), {});
  ASSERT_TRUE(policy.node_lifetime);
  EXPECT_EQ(policy.node_lifetime->max_ttl, std::chrono::minutes(30));
  EXPECT_EQ(policy.node_lifetime->default_ttl, std::chrono::minutes(30));
}

TEST(AttestationConfigTest, NodesCertificatesBearTheNamesThatAreGiven) {
  const auto names = [](const std::string& given) {
    return Describe(MakePolicy(Parsed(With(kValues, given)), {}).node_names.Of("n1"));
  };
  EXPECT_EQ(names(""), "localhost, 127.0.0.1, ::1");
  EXPECT_EQ(names("  server_names: [localhost, \"{node}.nodes.test\"]\n"), "localhost, n1.nodes.test");
  EXPECT_EQ(names("  server_names: []\n"), "");
}

// A CA below ours must not be any node's relay either.
TEST(AttestationConfigTest, NodesNamesAreHostsOfOurs) {
  const auto hosts = [](const std::string& given) {
    return MakePolicy(Parsed(With(kValues, "  server_names: [" + given + "]\n")), {}).our_hosts.dns;
  };
  EXPECT_THAT(hosts("relay.test, \"{node}.nodes.test\""),
              ElementsAre("nodes.test", "relay.test", "istio-system.svc", "localhost"));
  EXPECT_THAT(hosts("\"{node}.test\""), ElementsAre("test", "istio-system.svc", "localhost"));
}

TEST(AttestationConfigTest, WhatIsWrongIsNamedWithItsPlace) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {Minimal("attestation: {lifetime: 1h}\n"), "attestation.groups: is required"},
      {Minimal("attestation: {groups: [{name: a}]}\n"), "groups[0].pcrs: is required"},
      {Minimal("attestation: {groups: [{name: a, pcrs: [24], learn: true}]}\n"), "there is no PCR 24"},
      {Minimal("attestation: {groups: [{name: a, pcrs: [1, 1], learn: true}]}\n"), "pcrs: holds one twice"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, values: [" + kDigest + "]}]}]"),
       "generations[0].pcrs: has no value for one of the group's pcrs"},
      {With("generations: [{name: now, pcrs: [{pcr: 1, values: [" + kDigest + "]}]}]"), "1 is not one of the group's"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, values: [aa]}]}]"), "\"aa\" is not 64 hexadecimal digits"},
      {With("generations: [{name: now, pcrs: [{pcr: 0}]}]"), "values: is required, or events in its place"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, values: [" + kDigest + "], events: [" + kShim + "]}]}]"),
       "values: is required, or events in its place, and not both"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, events: [{type: EV_X, digests: [" + kDigest + "]}]}]}]"),
       "events[0].type: \"EV_X\" is no type of event"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, events: [{type: EV_IPL}]}]}]"),
       "events[0].digests: is required"},
      {With("generations: [{name: now, pcrs: [{pcr: 0, events: [{type: EV_IPL, digests: [aa]}]}]}]"),
       "\"aa\" is not 64 hexadecimal digits"},
      {With("bank: sha384, " + kValues), "is not 96 hexadecimal digits"},
      {With("generations: [{name: now, states: [zz]}]"), "\"zz\" is not 64 hexadecimal digits"},
      {With(kValues + ", firmware: [{manufacturer: ifx, version: aa}]"), "\"ifx\" is not \"id:\" and eight"},
      {With(kValues + ", firmware: [{manufacturer: \"id:49465800\", version: aa}]"), "is not 16 hexadecimal digits"},
      {With(kValues, "  manufacturers: [{name: x, roots: /r}]\n"), "manufacturers[0].ids: is required"},
      {With(kValues, "  manufacturers: [{name: x, roots: r, ids: [\"id:49465800\"]}]\n"), "is not an absolute path"},
      {With(kValues, "  nodes: [{id: a/b}]\n"), "nodes[0].id: \"a/b\" is not the id of a node"},
      {With(kValues, "  nodes: [{id: a, ek_sha256: aa}]\n"), "nodes[0].ek_sha256: is not 64"},
      {With(kValues, "  nodes: [{id: a, group: worker}]\n"), "did you mean \"workers\"?"},
      {With(kValues, "  nodes: [{id: a}, {id: a}]\n"), "\"a\" is there already"},
      {With(kValues, "  lifetime: 9m\n"), "attestation.lifetime"},
      {With(kValues, "  answer_within: 1s\n"), "attestation.answer_within"},
      {With(kValues, "  node_uri: \"spiffe://{trust_domain}/ns/x/sa/{node}\"\n"), "begins with a word of its own"},
      {With(kValues, "  server_names: [\"*.example.com\"]\n"), "server_names: \"*.example.com\" is neither"},
      {With(kValues, "  authority: other\n"), "there is no authority \"other\""},
      {With(kValues, "  manufacturers: [{name: a, roots: /r, ids: [\"id:49465800\"], accept_stale_crls: true}]\n"),
       "accept_stale_crls: is of no use without crls"},
      {With(kValues, "  limits: {per_tpm: 0}\n"), "0 is not between 1 and"}};
  for (const auto& [text, problem] : cases) EXPECT_THAT(ProblemsOf(text), HasSubstr(problem));
}

class NodeRulesTest : public ::testing::Test {
 protected:
  std::string File(const std::string& name, const std::string& content) const {
    EXPECT_THAT(WriteFileAtomically(dir_ / name, content, 0644), IsOk());
    return dir_ / name;
  }
  static Result<std::shared_ptr<const NodeRules>> Rules(const std::string& text) { return MakeNodeRules(Parsed(text)); }

  rootkeep::testing::TempDir dir_;
};

TEST_F(NodeRulesTest, AreMadeOfFilesAndEntries) {
  ASSERT_THAT(MakeDirectory(dir_ / "roots", 0755), IsOk());
  File("roots/a.pem",
       rootkeep::testing::MakeCa("a").CertificatePem() + rootkeep::testing::MakeCa("b").CertificatePem());
  File("roots/README", "no certificate");
  const std::string inventory = File("nodes", "n1 " + kDigest + "\nn2 - workers\n");
  const auto made = Rules(With(kValues, "  manufacturers: [{name: x, roots: " + (dir_ / "roots") +
                                            ", ids: [\"id:00001014\"]}]\n  inventory_file: " + inventory +
                                            "\n  nodes: [{id: n3}]\n  first_enrolment: hold\n"));
  ASSERT_THAT(made, IsOk());
  const NodeRules& rules = **made;
  EXPECT_EQ(rules.inventory.entries().size(), 3U);
  EXPECT_EQ(rules.first_enrolment, FirstEnrolment::kHold);
  EXPECT_EQ(rules.trust_domain, "cluster.local");
  EXPECT_EQ(rules.default_group, "workers");
  const rootkeep::NodeGroup& group = rules.groups.at("workers");
  EXPECT_THAT(group.policy.pcrs.required, ElementsAre(0, 7));
  EXPECT_EQ(group.policy.pcrs.generations.size(), 1U);
  EXPECT_EQ(group.version.size(), 16U);
}

TEST_F(NodeRulesTest, RulesOnEventsAskForTheBootLog) {
  const auto of = [&](const std::string& pcr, const std::string& event) {
    return Rules(Minimal("attestation:\n  groups:\n    - {name: workers, pcrs: [" + pcr +
                         "], generations: [{name: now, pcrs: [{pcr: " + pcr + ", events: [" + event + "]}]}]}\n"));
  };
  const auto made = of("4", kShim);
  ASSERT_THAT(made, IsOk());
  const rootkeep::NodeGroup& group = (*made)->groups.at("workers");
  EXPECT_TRUE(group.want_boot_log);
  const attestation::BootEventRules& rules = group.policy.pcrs.generations[0].events.at(4);
  ASSERT_EQ(rules.size(), 1U);
  EXPECT_EQ(rules[0].type, attestation::EventType::kBootServicesApplication);
  EXPECT_THAT(rules[0].digests, ElementsAre(Bytes(32, 0xaa), Bytes(32, 0xbb)));
  EXPECT_THAT(of("7", kShim), Says("EV_EFI_BOOT_SERVICES_APPLICATION does not belong in PCR 7"));
  EXPECT_THAT(of("11", "{type: EV_IPL, digests: [" + kDigest + "]}"), Says("PCR 11 goes on after the boot log ends"));
  // Another list is another policy.
  const auto other = of("4", "{type: EV_EFI_BOOT_SERVICES_APPLICATION, digests: [" + kDigest + "]}");
  EXPECT_NE((*other)->groups.at("workers").version, group.version);
}

TEST_F(NodeRulesTest, RevocationListsComeInEitherFormAndAreOfTheManufacturer) {
  const auto ca = rootkeep::testing::MakeCa("a");
  const Bytes list = rootkeep::testing::MakeCrl({}, ca);
  File("root.pem", ca.CertificatePem());
  const auto with = [&](const std::string& crls, const std::string& more = "") {
    return Rules(With(kValues, "  manufacturers: [{name: acme, roots: " + (dir_ / "root.pem") + ", crls: " + crls +
                                   more + ", ids: [\"id:00001014\"]}]\n"));
  };
  const std::string der(AsText(list));
  const std::string pem = der::ToPem(list, "X509 CRL");
  EXPECT_THAT(with(File("a.crl", der)), IsOk());
  EXPECT_THAT(with(File("two.pem", "# both\n" + pem + pem), ", accept_stale_crls: true"), IsOk());
  ASSERT_THAT(MakeDirectory(dir_ / "lists", 0755), IsOk());
  EXPECT_THAT(with(dir_ / "lists"), Says("holds no revocation list"));
  File("lists/a.crl", der);
  File("lists/README", "no list");
  EXPECT_THAT(with(dir_ / "lists"), IsOk());
  File("lists/b.pem", der::ToPem(rootkeep::testing::MakeCrl({}, rootkeep::testing::MakeCa("b")), "X509 CRL"));
  EXPECT_THAT(with(dir_ / "lists"), Says("signed it")) << "of a CA that is nowhere";
  EXPECT_THAT(with(File("bad.crl", "x")), Says("does not parse"));
}

TEST_F(NodeRulesTest, ThePolicysVersionChangesWithWhatItSays) {
  const auto version = [](const std::string& text) { return (*Rules(text))->groups.at("workers").version; };
  EXPECT_EQ(version(With(kValues)), version(With(kValues, "  lifetime: 2h\n")));
  EXPECT_NE(version(With(kValues)), version(With(kValues + ", learn: true")));
  EXPECT_NE(version(With(kValues)), version(With(kValues + ", key_parent: true")));
  EXPECT_NE(version(With(kValues)), version(With(kValues + ", firmware: [{manufacturer: \"id:49465800\", version: \"" +
                                                 std::string(16, '1') + "\"}]")));
}

TEST_F(NodeRulesTest, SayWhichFileIsWrong) {
  const auto manufacturer = [](const std::string& roots) {
    return With(kValues, "  manufacturers: [{name: acme, roots: " + roots + ", ids: [\"id:00001014\"]}]\n");
  };
  EXPECT_THAT(Rules(manufacturer(dir_ / "none.pem")), Says("manufacturer acme"));
  EXPECT_THAT(Rules(manufacturer(dir_.path())), Says("holds no certificate"));
  EXPECT_THAT(Rules(manufacturer(File("bad.pem", "x"))), HasReason("attestation"));
  const auto leaf = rootkeep::testing::MakeIdentity({.common_name = "leaf"}).CertificatePem();
  EXPECT_THAT(Rules(manufacturer(File("leaf.pem", leaf))), HasReason("attestation")) << "it is no CA's";
  EXPECT_THAT(Rules(With(kValues, "  inventory_file: " + File("nodes", "n1\n") + "\n")), Says("line 1"));
  EXPECT_THAT(Rules(With(kValues, "  inventory_file: " + File("groups", "n1 - others\n") + "\n")),
              Says("there is no group others, of node n1"));
  EXPECT_THAT(Rules(With(kValues, "  inventory_file: " + File("twice", "n1 -\n") + "\n  nodes: [{id: n1}]\n")),
              Says("node n1 is there twice"));
}

TEST_F(NodeRulesTest, AGroupThatAcceptsNothingIsRefused) {
  EXPECT_THAT(Rules(With("learn: false")), Says("group workers"));
  EXPECT_THAT(Rules(With("learn: true")), IsOk());
}

TEST_F(NodeRulesTest, AnInventoryThatOthersCanWriteIsRefused) {
  const std::string inventory = File("nodes", "n1 -\n");
  ASSERT_EQ(chmod(inventory.c_str(), 0666), 0);
  EXPECT_THAT(Rules(With(kValues, "  inventory_file: " + inventory + "\n")), HasReason("attestation"));
}

}  // namespace
}  // namespace rootkeep::config
