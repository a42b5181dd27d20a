// Issue "Bad input": hostile requests and tokens each get the documented code and no detail, and the daemon goes on.
#include <fmt/format.h>

#include "signer/der/pem.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/csr_builder.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::AuthenticationRefused;
using testing::CsrBuilder;
using testing::InvalidRequest;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::JwtMinter;
using testing::TokenSpec;
using testing::WasIssuedTo;

const Bytes kUnknownExtension{0x2a, 0x03, 0x04};
constexpr char kNotPem[] = "certificate signing request is not properly encoded";
constexpr char kNotParsed[] = "failed to parse X.509 certificate signing request";

class HostileInput : public testing::SharedDaemon {
 protected:
  // After every attack the daemon goes on.
  void TearDown() override {
    EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
    SharedDaemon::TearDown();
  }

  static std::string Payload(std::int64_t issued_at = ToUnixSeconds(SystemClock().Now())) {
    return TokenSpec{.issuer = testing::DaemonFixture::kIssuer, .issued_at = issued_at}.ToJson();
  }
  static const JwtMinter& minter() { return fixture().minter(); }
  static std::string GoodHeader(const std::string& extra = "") {
    return fmt::format(R"({{"alg":"RS256","kid":"{}"{}}})", minter().kid(), extra);
  }
  static std::string CsrWith(const std::vector<Bytes>& extensions) {
    const ossl::PKey key = testing::MakeKey("P-256");
    CsrBuilder builder(key.get());
    builder.extensions = extensions;
    return builder.Pem();
  }
};

TEST_F(HostileInput, RequestsThatAreNoPem) {
  const std::string good = testing::MakeCsrPem();
  for (const std::string& csr : {std::string("-----BEGIN CERTIFICATE REQUEST-----"), std::string(1000, '\0'),
                                 std::string("-"), good.substr(0, good.size() / 2), std::string(60'000, '-')}) {
    EXPECT_THAT(Ask({.csr = csr}), InvalidRequest(kNotPem)) << csr.substr(0, 40);
  }
}

TEST_F(HostileInput, RequestsCutShortAtEveryPlace) {
  const ossl::PKey key = testing::MakeKey("P-256");
  const Bytes der = CsrBuilder(key.get()).Der();
  for (std::size_t size = 0; size < der.size(); size += 17) {
    const Bytes part(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(size));
    const IstioAnswer answer = Ask({.csr = der::ToPem(part, "CERTIFICATE REQUEST")});
    EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << size;
  }
}

TEST_F(HostileInput, AMegabyteOfGarbageIsRefusedByGrpc) {
  const IstioAnswer answer = Ask({.csr = std::string(1 << 20, 'A')});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(HostileInput, ARequestAboveOurLimitAndBelowGrpcs) {
  EXPECT_THAT(Ask({.csr = testing::MakeCsrPem() + std::string(100'000, '\n')}), InvalidRequest(kNotPem));
}

TEST_F(HostileInput, HostileExtensionLists) {
  const Bytes nothing{0x05, 0x00};
  const Bytes one = testing::Extension(kUnknownExtension, true, nothing);
  EXPECT_THAT(Ask({.csr = CsrWith(std::vector<Bytes>(500, one))}), InvalidRequest(kNotParsed)) << "too many";
  const Bytes uri = testing::UriExtension(kSelf);
  EXPECT_THAT(Ask({.csr = CsrWith({uri, uri})}), InvalidRequest(kNotParsed)) << "twice the same";
  EXPECT_THAT(Ask({.csr = CsrWith({Bytes{0x30, 0x82, 0xff, 0xff}})}), InvalidRequest(kNotParsed)) << "a false length";
  EXPECT_THAT(Ask({.csr = CsrWith({testing::Extension({}, true, nothing)})}), InvalidRequest(kNotParsed)) << "no OID";
  const std::vector<Bytes> names(1000, testing::AltName(6, kSelf));
  const Bytes san{0x55, 0x1d, 0x11};
  EXPECT_THAT(Ask({.csr = CsrWith({testing::Extension(san, true, testing::AltNames(names))})}),
              InvalidRequest(kNotParsed))
      << "a thousand names";
}

TEST_F(HostileInput, TokensWithoutARealSignature) {
  EXPECT_THAT(AskWith(JwtMinter::MintUnsigned(Payload())), AuthenticationRefused());
  EXPECT_THAT(AskWith(minter().MintHs256WithPublicKey(Payload())), AuthenticationRefused());
  EXPECT_THAT(AskWith(testing::CompactJws(GoodHeader(), Payload(), {})), AuthenticationRefused());
  const std::string token = minter().Mint(Payload());
  EXPECT_THAT(AskWith(token.substr(0, token.rfind('.'))), AuthenticationRefused());
}

TEST_F(HostileInput, TokensWithTwoOfAMember) {
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(R"(,"alg":"RS256")"), Payload())), AuthenticationRefused());
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(R"(,"alg":"none")"), Payload())), AuthenticationRefused());
  for (const std::string member :
       {R"("sub":"system:serviceaccount:kube-system:admin")", R"("iss":"x")", R"("aud":"istio-ca")", R"("exp":4e9)"}) {
    std::string payload = Payload();
    payload.insert(1, member + ",");
    EXPECT_THAT(AskWith(minter().Mint(payload)), AuthenticationRefused()) << member;
  }
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(), Payload())), WasIssuedTo(kSelf)) << "one of each";
}

TEST_F(HostileInput, TokensOfTheWrongTime) {
  const std::int64_t now = ToUnixSeconds(SystemClock().Now());
  EXPECT_THAT(AskWith(minter().Mint(Payload(now - 100'000))), AuthenticationRefused());
  EXPECT_THAT(AskWith(minter().Mint(Payload(now + 600))), AuthenticationRefused());
}

TEST_F(HostileInput, TokensThatAreNoTokens) {
  for (const std::string& token : {std::string("..."), std::string("a.b.c"), std::string("e30.e30.e30"),
                                   std::string(8000, '.'), std::string(8000, 'A')}) {
    EXPECT_THAT(AskWith(token), AuthenticationRefused()) << token.substr(0, 20);
  }
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_THAT(AskWith(minter().Mint(R"({"iss":"https://kubernetes.default.svc.cluster.local","x":)" + deep + "}")),
              AuthenticationRefused());
}

TEST_F(HostileInput, TokensLargerThan16KiB) {
  const auto padded = [](std::size_t size) {
    std::string payload = Payload();
    return minter().Mint(payload.insert(1, R"("pad":")" + std::string(size, 'x') + "\","));
  };
  EXPECT_THAT(AskWith(padded(10'000)), WasIssuedTo(kSelf)) << "large, and below the limit";
  EXPECT_THAT(AskWith(padded(16'000)), AuthenticationRefused());
}

TEST_F(HostileInput, MetadataBeyond64KiBIsRefusedByGrpc) {
  const IstioAnswer answer = AskWith(std::string(70'000, 'A'));
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED) << ::testing::PrintToString(answer);
}

}  // namespace
}  // namespace rootkeep
