// A token recognised by its digest is judged by time, keys and cluster at every call.
#include <string>
#include <thread>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/unit/signer/authn/issuer_fixture.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::HasReason;
using testing::IsOk;
using testing::JwksOf;
using testing::JwtMinter;

class JwtCache : public testing::IssuerFixture {
 protected:
  void WriteKeys(const std::string& jwks) {
    const auto before = jwt_->DescribeIssuers()[0].jwks.generation;
    ASSERT_THAT(WriteFileAtomically(dir_ / "main.jwks", jwks, 0644), IsOk());
    ASSERT_TRUE(Eventually([&] { return jwt_->DescribeIssuers()[0].jwks.generation > before; }));
  }

  JwtMinter first_{"ES256", "first"};
  JwtMinter second_{"ES256", "second"};
};

TEST_F(JwtCache, GivesTheSameCallerAgain) {
  Start({IssuerWith(JwksOf({first_.Jwk()}))});
  const std::string token = first_.Mint(Good());
  ASSERT_OK_AND_ASSIGN(const Caller one, Ask(token));
  EXPECT_EQ(jwt_->cached(), 1U);
  ASSERT_OK_AND_ASSIGN(const Caller two, Ask(token));
  EXPECT_EQ(jwt_->cached(), 1U);
  EXPECT_EQ(one.identities, two.identities);
  EXPECT_EQ(one.credential_id, two.credential_id);
}

TEST_F(JwtCache, AHitStillExpires) {
  Start({IssuerWith(JwksOf({first_.Jwk()}))});
  testing::TokenSpec spec = Good();
  spec.lifetime = 100;  // 40 s left
  const std::string token = first_.Mint(spec);
  EXPECT_THAT(Ask(token), IsOk());
  clock_.Advance(std::chrono::seconds(39));
  EXPECT_THAT(Ask(token), IsOk());
  clock_.Advance(std::chrono::seconds(1));
  EXPECT_THAT(Ask(token), HasReason("token_expired"));
  EXPECT_EQ(jwt_->cached(), 0U);
}

TEST_F(JwtCache, AKeyTakenBackTakesItsTokensAlong) {
  Start({IssuerWith(JwksOf({first_.Jwk(), second_.Jwk()}))});
  const std::string gone = first_.Mint(Good());
  const std::string stays = second_.Mint(Good());
  EXPECT_THAT(Ask(gone), IsOk());
  EXPECT_THAT(Ask(stays), IsOk());
  WriteKeys(JwksOf({second_.Jwk()}));
  EXPECT_THAT(Ask(gone), HasReason("token_key_unknown"));
  EXPECT_THAT(Ask(stays), IsOk());
}

TEST_F(JwtCache, AReplacedKeyUnderTheSameKidTakesItsTokensAlong) {
  Start({IssuerWith(JwksOf({first_.Jwk()}))});
  const std::string token = first_.Mint(Good());
  EXPECT_THAT(Ask(token), IsOk());
  WriteKeys(JwksOf({JwtMinter("ES256", "first").Jwk()}));
  EXPECT_THAT(Ask(token), HasReason("token_signature"));
}

TEST_F(JwtCache, RemembersNoMoreThanAllowed) {
  Start({IssuerWith(JwksOf({first_.Jwk()}))}, 16);
  testing::TokenSpec spec = Good();
  for (int i = 0; i < 100; ++i) {
    spec.lifetime = 1000 + i;
    ASSERT_THAT(Ask(first_, spec), IsOk());
    ASSERT_LE(jwt_->cached(), 16U);
  }
}

TEST_F(JwtCache, RefusalsAreNotRemembered) {
  Start({IssuerWith(JwksOf({first_.Jwk()}))});
  const std::string token = second_.Mint(Good());
  EXPECT_THAT(Ask(token), HasReason("token_key_unknown"));
  EXPECT_EQ(jwt_->cached(), 0U);
  WriteKeys(JwksOf({first_.Jwk(), second_.Jwk()}));
  EXPECT_THAT(Ask(token), IsOk());
}

TEST_F(JwtCache, ThreadsAskWhileKeysChange) {
  Start({IssuerWith(JwksOf({first_.Jwk(), second_.Jwk()}))}, 32);
  std::vector<std::string> tokens;
  for (int i = 0; i < 60; ++i) {
    testing::TokenSpec spec = Good();
    spec.lifetime = 1000 + i;
    tokens.push_back(second_.Mint(spec));
  }
  std::vector<std::jthread> threads;
  threads.reserve(3);
  for (std::size_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 300; ++i) ASSERT_THAT(Ask(tokens[(i * (t + 1)) % tokens.size()]), IsOk());
    });
  }
  for (int i = 0; i < 5; ++i) {
    WriteKeys(JwksOf({second_.Jwk()}));
    WriteKeys(JwksOf({first_.Jwk(), second_.Jwk()}));
  }
}

}  // namespace
}  // namespace rootkeep
