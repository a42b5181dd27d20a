// Issue "Bad input": hostile requests and tokens each get the documented code and no detail, the operator gets one
// audit line with the reason, and the daemon goes on.
#include <fmt/format.h>

#include "keystore/base/log.h"
#include "signer/der/pem.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/csr_builder.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/daemon_log.h"

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

// An answer, and the audit lines that the daemon wrote for it.
struct Outcome : IstioAnswer {
  std::vector<cli::LogLine> audit;
};
void PrintTo(const Outcome& outcome, std::ostream* os) { PrintTo(static_cast<const IstioAnswer&>(outcome), os); }

MATCHER_P3(AuditedAs, code, reason, caller,
           "has one audit line with " + std::string(code) + " and " + std::string(reason)) {
  for (const cli::LogLine& line : arg.audit) *result_listener << line.text << "; ";
  return arg.audit.size() == 1 && arg.audit.front().Field("request_id") == arg.request_id &&
         arg.audit.front().Field("code") == code && arg.audit.front().Field("reason") == reason &&
         arg.audit.front().Field("caller") == caller && arg.audit.front().Field("peer").starts_with("ipv4:127.0.0.1:");
}
MATCHER(NotAudited, "has no audit line") { return arg.audit.empty(); }

auto BadRequest(const std::string& words, const std::string& reason) {
  return ::testing::AllOf(InvalidRequest(words), AuditedAs("INVALID_ARGUMENT", reason, testing::SharedDaemon::kSelf));
}
auto BadToken(const std::string& reason) {
  return ::testing::AllOf(AuthenticationRefused(), AuditedAs("UNAUTHENTICATED", reason, ""));
}
// By gRPC, before the service hears of it.
auto TooLarge() {
  return ::testing::AllOf(
      ::testing::Field(&IstioAnswer::status,
                       ::testing::Property(&grpc::Status::error_code, grpc::StatusCode::RESOURCE_EXHAUSTED)),
      NotAudited());
}

class HostileInput : public testing::SharedDaemon {
 public:
  static void SetUpTestSuite() {
    log_directory_ = std::make_unique<testing::TempDir>();
    const std::string path = *log_directory_ / "log";
    EXPECT_TRUE(log::Start(log::Level::kWarning, path).ok());
    log_ = std::make_unique<cli::DaemonLog>(path);
    SharedDaemon::SetUpTestSuite();
  }
  static void TearDownTestSuite() {
    SharedDaemon::TearDownTestSuite();
    EXPECT_TRUE(log::Start(log::Level::kWarning, "/dev/stderr").ok());
    log_.reset();
    log_directory_.reset();
  }

 protected:
  // After every attack the daemon goes on.
  void TearDown() override {
    EXPECT_THAT(Ask(), WasIssuedTo(kSelf));
    SharedDaemon::TearDown();
  }

  static Outcome Ask(const IstioCall& call = {}) { return With(SharedDaemon::Ask(call)); }
  static Outcome AskWith(const std::string& token) { return With(SharedDaemon::AskWith(token)); }

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

 private:
  static Outcome With(IstioAnswer answer) {
    Outcome outcome{std::move(answer), {}};
    auto lines = log_->Next();
    EXPECT_THAT(lines, testing::IsOk());
    for (cli::LogLine& line : *lines) {
      if (line.event == "request_refused") outcome.audit.push_back(std::move(line));
    }
    return outcome;
  }

  static std::unique_ptr<testing::TempDir> log_directory_;
  static std::unique_ptr<cli::DaemonLog> log_;
};

std::unique_ptr<testing::TempDir> HostileInput::log_directory_;
std::unique_ptr<cli::DaemonLog> HostileInput::log_;

// protobuf refuses it before the service hears of it; signer/README.md says so.
TEST_F(HostileInput, ARequestThatIsNoUtf8) {
  const Outcome answer = Ask({.csr = "\xff\xfe"});
  EXPECT_EQ(answer.status.error_code(), grpc::StatusCode::INTERNAL) << answer.status.error_message();
  EXPECT_EQ(answer.request_id, "");
  EXPECT_THAT(answer, NotAudited());
}

TEST_F(HostileInput, RequestsThatAreNoPem) {
  const std::string good = testing::MakeCsrPem();
  for (const std::string& csr : {std::string("-----BEGIN CERTIFICATE REQUEST-----"), std::string(1000, '\0'),
                                 std::string("-"), good.substr(0, good.size() / 2), std::string(60'000, '-')}) {
    EXPECT_THAT(Ask({.csr = csr}), BadRequest(kNotPem, "csr_pem")) << csr.substr(0, 40);
  }
}

TEST_F(HostileInput, RequestsCutShortAtEveryPlace) {
  const ossl::PKey key = testing::MakeKey("P-256");
  const Bytes der = CsrBuilder(key.get()).Der();
  for (std::size_t size = 0; size < der.size(); size += 17) {
    const Bytes part(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(Ask({.csr = der::ToPem(part, "CERTIFICATE REQUEST")}),
                size == 0 ? BadRequest(kNotPem, "csr_pem") : BadRequest(kNotParsed, "csr_parse"))
        << size;
  }
}

TEST_F(HostileInput, AMegabyteOfGarbageIsRefusedByGrpc) {
  EXPECT_THAT(Ask({.csr = std::string(1 << 20, 'A')}), TooLarge());
}

TEST_F(HostileInput, ARequestAboveOurLimitAndBelowGrpcs) {
  EXPECT_THAT(Ask({.csr = testing::MakeCsrPem() + std::string(100'000, '\n')}), BadRequest(kNotPem, "csr_pem"));
}

TEST_F(HostileInput, HostileExtensionLists) {
  const Bytes nothing{0x05, 0x00};
  const Bytes one = testing::Extension(kUnknownExtension, true, nothing);
  EXPECT_THAT(Ask({.csr = CsrWith(std::vector<Bytes>(500, one))}), BadRequest(kNotParsed, "csr_parse")) << "too many";
  const Bytes uri = testing::UriExtension(kSelf);
  EXPECT_THAT(Ask({.csr = CsrWith({uri, uri})}), BadRequest(kNotParsed, "csr_parse")) << "twice the same";
  EXPECT_THAT(Ask({.csr = CsrWith({Bytes{0x30, 0x82, 0xff, 0xff}})}), BadRequest(kNotParsed, "csr_parse"))
      << "a false length";
  EXPECT_THAT(Ask({.csr = CsrWith({testing::Extension({}, true, nothing)})}), BadRequest(kNotParsed, "csr_parse"))
      << "no OID";
  const std::vector<Bytes> names(1000, testing::AltName(6, kSelf));
  const Bytes san{0x55, 0x1d, 0x11};
  EXPECT_THAT(Ask({.csr = CsrWith({testing::Extension(san, true, testing::AltNames(names))})}),
              BadRequest(kNotParsed, "csr_parse"))
      << "a thousand names";
}

TEST_F(HostileInput, TokensWithoutARealSignature) {
  EXPECT_THAT(AskWith(JwtMinter::MintUnsigned(Payload())), BadToken("token_alg"));
  EXPECT_THAT(AskWith(minter().MintHs256WithPublicKey(Payload())), BadToken("token_alg"));
  EXPECT_THAT(AskWith(testing::CompactJws(GoodHeader(), Payload(), {})), BadToken("token_signature"));
  const std::string token = minter().Mint(Payload());
  EXPECT_THAT(AskWith(token.substr(0, token.rfind('.'))), BadToken("token_malformed"));
}

TEST_F(HostileInput, TokensWithTwoOfAMember) {
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(R"(,"alg":"RS256")"), Payload())),
              BadToken("token_duplicate_member"));
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(R"(,"alg":"none")"), Payload())),
              BadToken("token_duplicate_member"));
  for (const std::string member :
       {R"("sub":"system:serviceaccount:kube-system:admin")", R"("iss":"x")", R"("aud":"istio-ca")", R"("exp":4e9)"}) {
    std::string payload = Payload();
    payload.insert(1, member + ",");
    EXPECT_THAT(AskWith(minter().Mint(payload)), BadToken("token_duplicate_member")) << member;
  }
  EXPECT_THAT(AskWith(minter().MintWithHeader(GoodHeader(), Payload())), WasIssuedTo(kSelf)) << "one of each";
}

TEST_F(HostileInput, TokensOfTheWrongTime) {
  const std::int64_t now = ToUnixSeconds(SystemClock().Now());
  EXPECT_THAT(AskWith(minter().Mint(Payload(now - 100'000))), BadToken("token_expired"));
  EXPECT_THAT(AskWith(minter().Mint(Payload(now + 600))), BadToken("token_not_yet_valid"));
}

TEST_F(HostileInput, TokensThatAreNoTokens) {
  for (const std::string& token :
       {std::string("..."), std::string("a.b.c"), std::string(8000, '.'), std::string(8000, 'A')}) {
    EXPECT_THAT(AskWith(token), BadToken("token_malformed")) << token.substr(0, 20);
  }
  EXPECT_THAT(AskWith("e30.e30.e30"), BadToken("token_alg")) << "three times {}";
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_THAT(AskWith(minter().Mint(R"({"iss":"https://kubernetes.default.svc.cluster.local","x":)" + deep + "}")),
              BadToken("token_malformed"));
}

TEST_F(HostileInput, TokensLargerThan16KiB) {
  const auto padded = [](std::size_t size) {
    std::string payload = Payload();
    return minter().Mint(payload.insert(1, R"("pad":")" + std::string(size, 'x') + "\","));
  };
  EXPECT_THAT(AskWith(padded(10'000)), WasIssuedTo(kSelf)) << "large, and below the limit";
  EXPECT_THAT(AskWith(padded(16'000)), BadToken("token_too_large"));
}

TEST_F(HostileInput, MetadataBeyond64KiBIsRefusedByGrpc) { EXPECT_THAT(AskWith(std::string(70'000, 'A')), TooLarge()); }

}  // namespace
}  // namespace rootkeep
