#include "tests/unit/tools/config/config_testing.h"
#include "tools/config/make_token_issuers.h"

namespace rootkeep::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Minimal;
using testing::MinimalWith;
using testing::Parsed;
using testing::ProblemsOf;

struct Issuer {
  std::string name = "kubernetes";
  std::string issuer = "https://k8s";
  std::string namespaces = "\"*\"";
  std::string more;
  std::string jwks = "file: /jwks";
};

std::string WithIssuers(const std::vector<Issuer>& issuers) {
  std::string text = "token_issuers:\n";
  for (const Issuer& issuer : issuers) {
    text += "  - {name: " + issuer.name + ", issuer: \"" + issuer.issuer + "\", audiences: [istio-ca], namespaces: [" +
            issuer.namespaces + "], jwks: {" + issuer.jwks + "}" + issuer.more + "}\n";
  }
  return Minimal(text);
}

TEST(TokenIssuersTest, ValuesAndDefaults) {
  const Config config =
      Parsed(WithIssuers({{.jwks = "url: \"https://k8s/jwks\", ca_file: /ca, bearer_token_file: /t"}}));
  const TokenIssuer& issuer = config.token_issuers.at(0);
  EXPECT_EQ(issuer.name, "kubernetes");
  EXPECT_EQ(issuer.issuer, "https://k8s");
  EXPECT_THAT(issuer.audiences, ElementsAre("istio-ca"));
  EXPECT_EQ(issuer.cluster, "Kubernetes");
  EXPECT_EQ(issuer.trust_domain, "cluster.local");
  EXPECT_THAT(issuer.namespaces, ElementsAre("*"));
  EXPECT_FALSE(issuer.shared_namespaces);
  EXPECT_EQ(issuer.jwks, (Jwks{"", "https://k8s/jwks", "/ca", "/t", std::chrono::minutes(5)}));
}

TEST(TokenIssuersTest, RequiredKeys) {
  EXPECT_EQ(ProblemsOf(Minimal("token_issuers:\n  - name: a\n")),
            "c.yaml:14:5: token_issuers[0].issuer: is required\n"
            "c.yaml:14:5: token_issuers[0].audiences: is required, for example [\"istio-ca\"]\n"
            "c.yaml:14:5: token_issuers[0].namespaces: is required; [\"*\"] for all\n"
            "c.yaml:14:5: token_issuers[0].jwks: is required");
}

TEST(TokenIssuersTest, JwksIsAFileOrAnHttpsUrl) {
  for (const std::string_view bad :
       {"", "file: /a, url: \"https://x\"", "url: \"http://x\"", "url: \"file:///x\"", "file: a",
        "url: \"https://user:secret@x\"", "file: /a, refresh: 1m", "file: /a, ca_file: /b",
        "file: /a, bearer_token_file: /b", "url: \"https://x\", refresh: 9s", "url: \"https://x\", ca_file: b"}) {
    const std::string problems = ProblemsOf(WithIssuers({{.jwks = std::string(bad)}}));
    EXPECT_THAT(problems, HasSubstr("token_issuers[0].jwks.")) << bad;
    EXPECT_THAT(problems, ::testing::Not(HasSubstr("secret"))) << bad;
  }
}

TEST(TokenIssuersTest, BadLists) {
  EXPECT_THAT(ProblemsOf(WithIssuers({{.namespaces = "\"a b\""}})),
              HasSubstr("namespaces: \"a b\" is neither the name"));
  EXPECT_THAT(ProblemsOf(WithIssuers({{.namespaces = "team-*"}})), HasSubstr("namespaces: \"team-*\" is neither"));
  EXPECT_THAT(ProblemsOf(WithIssuers({{.more = ", clock_skew: 6m"}})), HasSubstr("clock_skew: 6m is not between"));
  EXPECT_THAT(ProblemsOf(WithIssuers({{.more = ", cluster_aliases: [\"\"]"}})), HasSubstr("holds an empty text"));
  EXPECT_THAT(ProblemsOf(WithIssuers({{.more = ", cluster: \"\""}})), HasSubstr("cluster: is required"));
  EXPECT_THAT(ProblemsOf(WithIssuers({{}, {.issuer = "https://b", .more = ", trust_domain: cluster.local"}})),
              HasSubstr("token_issuers[1].name: \"kubernetes\" is there already"));
}

TEST(TokenIssuersTest, SomebodyMustSignForTheTrustDomain) {
  const std::string text =
      MinimalWith("name: cluster.local\n", "name: cluster.local\n  - name: other\n") +
      "token_issuers: [{name: a, issuer: i, audiences: [x], namespaces: [\"*\"], trust_domain: other,"
      " jwks: {file: /j}}]\n";
  EXPECT_THAT(ProblemsOf(text), HasSubstr("token_issuers[0].trust_domain: no authority signs for \"other\""));
}

TEST(TokenIssuersTest, NamespacesOfTwoIssuersMayNotOverlapUnlessBothShare) {
  const auto pair = [](std::string one, std::string other, std::string first = "", std::string second = "") {
    return ProblemsOf(WithIssuers({{.namespaces = std::move(one), .more = std::move(first)},
                                   {"other", "https://other", std::move(other), std::move(second), "file: /o"}}));
  };
  EXPECT_EQ(pair("a", "b"), "");
  EXPECT_EQ(pair("a, b", "ab, c"), "");
  const std::string shared = ", shared_namespaces: true";
  for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
           {"a", "a"}, {"a, b", "c, b"}, {"\"*\"", "payments"}, {"payments", "\"*\""}, {"\"*\"", "\"*\""}}) {
    EXPECT_THAT(pair(one, other), HasSubstr("token_issuers[1].namespaces: overlap with those of kubernetes")) << one;
    EXPECT_THAT(pair(one, other, shared), HasSubstr("overlap")) << "one side alone is not enough";
    EXPECT_THAT(pair(one, other, "", shared), HasSubstr("overlap")) << "one side alone is not enough";
    EXPECT_EQ(pair(one, other, shared, shared), "") << one;
  }
}

TEST(TokenIssuersTest, IssIsUnique) {
  EXPECT_THAT(ProblemsOf(WithIssuers(
                  {{.namespaces = "a"}, {.name = "second", .namespaces = "b", .more = ", cluster: remote"}})),
              HasSubstr("token_issuers[1].issuer: \"https://k8s\" is there already"));
}

TEST(MakeTokenIssuersTest, CarriesEverythingAndSatisfiesTheAuthenticator) {
  const Config config = Parsed(WithIssuers({{.more = ", cluster: c, cluster_aliases: [d], clock_skew: 7s",
                                             .jwks = "url: \"https://k8s/jwks\", ca_file: /ca, bearer_token_file: /t, "
                                                     "refresh: 1m"}}));
  const std::vector<TokenIssuerConfig> made = MakeTokenIssuers(config);
  EXPECT_THAT(CheckTokenIssuers(made), rootkeep::testing::IsOk());
  ASSERT_EQ(made.size(), 1U);
  EXPECT_EQ(made[0].name, "kubernetes");
  EXPECT_EQ(made[0].issuer, "https://k8s");
  EXPECT_THAT(made[0].audiences, ElementsAre("istio-ca"));
  EXPECT_EQ(made[0].cluster, "c");
  EXPECT_THAT(made[0].cluster_aliases, ElementsAre("d"));
  EXPECT_EQ(made[0].trust_domain, "cluster.local");
  EXPECT_THAT(made[0].namespaces, ElementsAre("*"));
  EXPECT_EQ(made[0].clock_skew, std::chrono::seconds(7));
  EXPECT_EQ(made[0].jwks.url, "https://k8s/jwks");
  EXPECT_EQ(made[0].jwks.ca_file, "/ca");
  EXPECT_EQ(made[0].jwks.bearer_token_file, "/t");
  EXPECT_EQ(made[0].jwks.refresh, std::chrono::minutes(1));
}

}  // namespace
}  // namespace rootkeep::config
