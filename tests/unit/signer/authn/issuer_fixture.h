// A token issuer with its key in a file, and an authenticator that trusts it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "keystore/base/file.h"
#include "signer/authn/jwt.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/signer/authn/outcome.h"

namespace rootkeep::testing {

inline constexpr std::int64_t kTokenNow = 1'800'000'000;

class IssuerFixture : public ::testing::Test {
 protected:
  // Writes `jwks` and gives the configuration of an issuer that uses it.
  TokenIssuerConfig IssuerWith(const std::string& jwks, const std::string& name = "main") {
    TokenIssuerConfig config;
    config.name = name;
    config.issuer = "https://issuer.test";
    config.audiences = {"istio-ca", "rootkeep"};
    config.cluster = "Kubernetes";
    config.trust_domain = "cluster.local";
    config.jwks.file = dir_ / (name + ".jwks");
    config.jwks.file_check = std::chrono::milliseconds(2);
    EXPECT_THAT(WriteFileAtomically(config.jwks.file, jwks, 0644), IsOk());
    return config;
  }

  void Start(std::vector<TokenIssuerConfig> issuers, std::size_t cache = kTokenCacheCapacity) {
    auto made = JwtAuthenticator::Create(std::move(issuers), sources_, clock_, cache);
    ASSERT_THAT(made, IsOk());
    jwt_ = std::move(*made);
  }

  // A token that is good now.
  static TokenSpec Good() {
    TokenSpec spec;
    spec.issued_at = kTokenNow - 60;
    return spec;
  }

  Result<Caller> Ask(const std::string& token, std::string_view cluster_id = "") {
    return Present(*jwt_, token, cluster_id);
  }
  Result<Caller> Ask(const JwtMinter& minter, const TokenSpec& spec) { return Ask(minter.Mint(spec)); }

  TempDir dir_;
  ManualClock clock_{kTokenNow};
  jose::JwksRegistry sources_;
  std::unique_ptr<JwtAuthenticator> jwt_;
};

}  // namespace rootkeep::testing
