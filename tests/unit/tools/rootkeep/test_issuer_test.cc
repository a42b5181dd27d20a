#include "tools/rootkeep/sandbox/test_issuer.h"

#include <openssl/core_names.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::cli {
namespace {

using nlohmann::json;
using testing::HasCode;
using ::testing::SizeIs;

const TokenSubject kSubject{.ns = "demo", .service_account = "web", .node = "node-1"};

std::vector<std::string> Split(const SecretBytes& token) {
  std::vector<std::string> parts{""};
  for (const char c : AsText(token.RevealForUse())) {
    if (c == '.') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

json Decode(const std::string& part) { return json::parse(AsText(*FromBase64Url(part))); }

TEST(TestIssuerTest, TokensAreShapedAsKubernetesShapesThem) {
  ASSERT_OK_AND_ASSIGN(const TestIssuer issuer, TestIssuer::Make());
  ASSERT_OK_AND_ASSIGN(const SecretBytes token, issuer.Mint(kSubject, FromUnixSeconds(1000), std::chrono::seconds(60)));
  const auto parts = Split(token);
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(Decode(parts[0])["alg"], "RS256");
  const json claims = Decode(parts[1]);
  EXPECT_EQ(claims["sub"], "system:serviceaccount:demo:web");
  EXPECT_EQ(claims["aud"], json::array({TestIssuer::kAudience}));
  EXPECT_EQ(claims["iat"], 1000);
  EXPECT_EQ(claims["exp"], 1060);
  EXPECT_EQ(claims["kubernetes.io"]["node"]["name"], "node-1");
  EXPECT_THAT(*FromBase64Url(parts[2]), SizeIs(256));
}

TEST(TestIssuerTest, JwksHoldsThePublicKeyAlone) {
  ASSERT_OK_AND_ASSIGN(const TestIssuer issuer, TestIssuer::Make());
  ASSERT_OK_AND_ASSIGN(const std::string text, issuer.Jwks());
  const json key = json::parse(text)["keys"][0];
  EXPECT_EQ(key["kty"], "RSA");
  EXPECT_THAT(*FromBase64Url(key["n"].get<std::string>()), SizeIs(256));
  EXPECT_EQ(key["e"], "AQAB");
  EXPECT_FALSE(key.contains("d"));
}

TEST(TestIssuerTest, KeepsItsKeyInAFileThatOnlyItsOwnerReads) {
  const testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const TestIssuer first, TestIssuer::OpenOrMake(dir / "key.pem"));
  ASSERT_OK_AND_ASSIGN(const TestIssuer second, TestIssuer::OpenOrMake(dir / "key.pem"));
  EXPECT_EQ(*first.Jwks(), *second.Jwks());
  struct stat info{};
  ASSERT_EQ(stat((dir / "key.pem").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600U);
}

TEST(TestIssuerTest, RefusesAKeyFileThatOthersRead) {
  const testing::TempDir dir;
  ASSERT_OK_AND_ASSIGN(const TestIssuer first, TestIssuer::OpenOrMake(dir / "key.pem"));
  ASSERT_EQ(chmod((dir / "key.pem").c_str(), 0644), 0);
  EXPECT_THAT(TestIssuer::OpenOrMake(dir / "key.pem"), HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace rootkeep::cli
