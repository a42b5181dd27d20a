#include "signer/authn/jwt_config.h"

#include <functional>
#include <string>
#include <vector>

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasReason;
using testing::IsOk;
using testing::Says;

TokenIssuerConfig Good(const std::string& name = "main") {
  TokenIssuerConfig config;
  config.name = name;
  config.issuer = "https://" + name + ".test";
  config.audiences = {"istio-ca"};
  config.cluster = "Kubernetes";
  config.trust_domain = "cluster.local";
  config.jwks.file = "/keys";
  return config;
}

Status Check(const std::function<void(TokenIssuerConfig&)>& change) {
  TokenIssuerConfig config = Good();
  change(config);
  return CheckTokenIssuers(std::vector{config});
}

TEST(JwtConfig, AcceptsACompleteEntry) {
  EXPECT_THAT(Check([](auto&) {}), IsOk());
  EXPECT_THAT(CheckTokenIssuers({}), IsOk());
  EXPECT_THAT(Check([](auto& c) {
                c.jwks = {.url = "https://10.0.0.1/openid/v1/jwks", .ca_file = "/ca", .bearer_token_file = "/token"};
                c.jwks.url += "?who=a@b";
                c.namespaces = {"a", "*"};
              }),
              IsOk());
}

TEST(JwtConfig, RefusesIncompleteEntries) {
  const std::vector<std::function<void(TokenIssuerConfig&)>> changes{
      [](auto& c) { c.name.clear(); },
      [](auto& c) { c.issuer.clear(); },
      [](auto& c) { c.audiences.clear(); },
      [](auto& c) { c.audiences.emplace_back(); },
      [](auto& c) { c.cluster.clear(); },
      [](auto& c) { c.cluster_aliases = {""}; },
      [](auto& c) { c.trust_domain.clear(); },
      [](auto& c) { c.trust_domain = "a/b"; },
      [](auto& c) { c.namespaces = {""}; },
      [](auto& c) { c.namespaces = {"a*"}; },
      [](auto& c) { c.jwks.file.clear(); },
      [](auto& c) { c.jwks.url = "https://x.test"; },
      [](auto& c) { c.jwks.ca_file = "/ca"; },
      [](auto& c) { c.jwks.bearer_token_file = "/token"; },
      [](auto& c) { c.jwks = {.url = "http://x.test/keys"}; },
      [](auto& c) { c.jwks = {.url = "file:///keys"}; },
      [](auto& c) { c.jwks = {.url = "https://user:word@x.test/keys"}; },
      [](auto& c) { c.jwks = {.url = "https://user@x.test"}; },
      [](auto& c) { c.jwks.refresh = {}; },
      [](auto& c) { c.jwks.file_check = {}; },
      [](auto& c) { c.clock_skew = std::chrono::seconds(-1); },
      [](auto& c) { c.clock_skew = std::chrono::seconds(301); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) EXPECT_THAT(Check(changes[i]), HasReason("config")) << i;
}

TEST(JwtConfig, RefusesTheSameIssuerTwice) {
  TokenIssuerConfig again = Good("again");
  EXPECT_THAT(CheckTokenIssuers(std::vector{Good(), again}), IsOk());
  again.issuer = Good().issuer;
  again.cluster = "another";
  EXPECT_THAT(CheckTokenIssuers(std::vector{Good(), again}), Says("already has this issuer"));
  TokenIssuerConfig same_name = Good();
  same_name.issuer = "https://x.test";
  EXPECT_THAT(CheckTokenIssuers(std::vector{Good(), same_name}), Says("name comes twice"));
}

TEST(JwtConfig, NamespacesAreExactOrAll) {
  TokenIssuerConfig config = Good();
  EXPECT_TRUE(MayNameNamespace(config, "anything"));
  config.namespaces = {"web", "tools"};
  EXPECT_TRUE(MayNameNamespace(config, "web"));
  EXPECT_FALSE(MayNameNamespace(config, "we"));
  EXPECT_FALSE(MayNameNamespace(config, "web2"));
  EXPECT_FALSE(MayNameNamespace(config, ""));
  config.namespaces = {"web", "*"};
  EXPECT_TRUE(MayNameNamespace(config, "anything"));
}

}  // namespace
}  // namespace rootkeep
