// Somebody else's CA, SPIRE's for example, below a daemon whose keys are in a token.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <thread>

#include "keystore/base/file.h"
#include "keystore/evidence/key_evidence.h"
#include "proto/istio/ca.grpc.pb.h"
#include "signer/authority/certificates.h"
#include "signer/client/ca_client.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/foreign_ca.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::DaemonFixture;
using testing::ForeignCa;
using testing::HasCode;
using testing::IsOk;
using testing::Says;

constexpr std::chrono::seconds kPatience{30};
constexpr const char* kWorkload = "spiffe://cluster.local/ns/spire/sa/server";

// What a stream has brought so far.
class Bundles {
 public:
  Bundles(CaClient& client, std::string trust_domain = {})
      : thread_([this, &client, trust_domain](const std::stop_token& stop) {
          v1::WatchTrustBundleRequest request;
          request.set_trust_domain(trust_domain);
          const Error end = client.WatchTrustBundle(
              request,
              [this](const v1::TrustBundle& bundle) {
                const std::lock_guard lock(mutex_);
                bundles_.push_back(bundle);
                return Ok();
              },
              stop);
          const std::lock_guard lock(mutex_);
          end_ = end;
        }) {}

  [[nodiscard]] std::vector<v1::TrustBundle> all() {
    const std::lock_guard lock(mutex_);
    return bundles_;
  }
  [[nodiscard]] std::optional<Error> end() {
    const std::lock_guard lock(mutex_);
    return end_;
  }
  bool WaitFor(std::size_t count) {
    return testing::Eventually([&] { return all().size() >= count; });
  }
  bool WaitForEnd() {
    return testing::Eventually([&] { return end().has_value(); });
  }

 private:
  std::mutex mutex_;
  std::vector<v1::TrustBundle> bundles_;
  std::optional<Error> end_;
  std::jthread thread_;
};

class ForeignCaE2e : public ::testing::Test {
 protected:
  explicit ForeignCaE2e(unsigned path_length = 1)
      : fixture_(KeyType::kEcP256, testing::SoftHsm::ModulePath(), path_length) {
    fixture_.config().api_callers = {{.caller = {.name = "spire",
                                                 .trust_domain = "cluster.local",
                                                 .foreign_ca = ForeignCaRight{},
                                                 .watch_bundle = true,
                                                 .publish_jwt_keys = true},
                                      .socket = config::CallerSocket{.path = socket_, .users = {Me()}}}};
  }
  void Start() {
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
    ASSERT_OK_AND_ASSIGN(client_, CaClient::Make({.socket = socket_}));
  }
  static std::string Me() { return std::to_string(geteuid()); }
  ApiCaller& spire() { return fixture_.config().api_callers[0].caller; }

  static v1::SignCertificateRequest RequestFor(const ForeignCa& ca, std::int64_t ttl = 0) {
    v1::SignCertificateRequest request;
    request.set_csr(std::string(AsText(ca.request.Der())));
    request.set_profile("foreign-ca");
    request.set_ttl_seconds(ttl);
    return request;
  }
  Result<v1::SignCertificateResponse> Sign(const v1::SignCertificateRequest& request) {
    return client_->SignCertificate(request, After(kPatience));
  }
  Result<v1::TrustBundle> Publish(const std::string& id, EVP_PKEY* key) {
    v1::PublishJwtKeyRequest request;
    request.mutable_key()->set_key_id(id);
    request.mutable_key()->set_expires_at(ToUnixSeconds(SystemClock().Now()) + 3600);
    request.mutable_key()->set_public_key(std::string(AsText(testing::SpkiOf(key))));
    RK_TRY(const auto response, client_->PublishJwtKey(request, After(kPatience)));
    return response.trust_bundle();
  }

  // Whether the chain, below the roots of the answer, verifies as a CA's by OpenSSL's strict rules.
  static Status Verify(const v1::SignCertificateResponse& answer) {
    Certificates chain;
    Certificates roots;
    for (const std::string& der : answer.chain()) {
      RK_TRY(auto certificate, ParseCertificateDer(AsBytes(der)));
      chain.push_back(std::move(certificate));
    }
    for (const auto& root : answer.trust_bundle().roots()) {
      RK_TRY(auto certificate, ParseCertificateDer(AsBytes(root.certificate())));
      roots.push_back(std::move(certificate));
    }
    // Room for leaves below it as well.
    return CheckChain(chain.front().get(), std::span(chain).subspan(1), roots, SystemClock().Now());
  }

  DaemonFixture fixture_;
  const std::string socket_ = fixture_.directory() / "spire.sock";
  std::unique_ptr<CaClient> client_;
};

TEST_F(ForeignCaE2e, GetsItsCertificateBelowAnIntermediate) {
  Start();
  const ForeignCa ca;
  ASSERT_OK_AND_ASSIGN(const auto answer, Sign(RequestFor(ca, 3600)));
  ASSERT_EQ(answer.chain_size(), 2) << "minted and issuing, no root";
  EXPECT_THAT(Verify(answer), IsOk());
  ASSERT_OK_AND_ASSIGN(const ossl::Cert minted, ParseCertificateDer(AsBytes(answer.chain(0))));
  EXPECT_EQ(SubjectOf(minted.get()), ca.request.subject);
  EXPECT_EQ(X509_get_pathlen(minted.get()), 0);
  EXPECT_TRUE(MaySignCertificates(minted.get()));
  EXPECT_EQ(X509_get_extended_key_usage(minted.get()), UINT32_MAX) << "there is none";
  EXPECT_EQ(SubjectKeyIdOf(minted.get()), PublicKey::FromSpki(ca.request.spki).value().key_id());
  ASSERT_EQ(answer.trust_bundle().roots_size(), 1);
  EXPECT_EQ(answer.trust_bundle().trust_domain(), "cluster.local");
}

TEST_F(ForeignCaE2e, GetsItsCertificateBelowTheRootItself) {
  ASSERT_THAT(WriteFileAtomically(fixture_.directory() / "root.pem", fixture_.root_pem(), 0600), IsOk());
  config::Authority& authority = fixture_.config().authorities[0];
  authority.key = fixture_.root_key_uri();
  authority.chain_file = authority.bundle_file = fixture_.directory() / "root.pem";
  spire().foreign_ca->path_length = 2;
  Start();
  const ForeignCa ca;
  ASSERT_OK_AND_ASSIGN(const auto answer, Sign(RequestFor(ca)));
  EXPECT_EQ(answer.chain_size(), 1);
  EXPECT_THAT(Verify(answer), IsOk());
  ASSERT_OK_AND_ASSIGN(const ossl::Cert minted, ParseCertificateDer(AsBytes(answer.chain(0))));
  EXPECT_EQ(X509_get_pathlen(minted.get()), 2);
}

TEST_F(ForeignCaE2e, TheSameRequestAgainGetsTheSameCertificateAndIsOnRecordOnce) {
  Start();
  const ForeignCa ca;
  const auto request = RequestFor(ca);
  ASSERT_OK_AND_ASSIGN(const auto first, Sign(request));
  ASSERT_OK_AND_ASSIGN(const auto second, Sign(request));
  EXPECT_EQ(first.chain(0), second.chain(0));
  fixture_.Stop();
  ASSERT_OK_AND_ASSIGN(const auto ledger, OpenLedger({.path = fixture_.config().state_directory + "/rootkeep.db"}));
  const auto entries = ledger->List({}).value();
  const auto of_spire = [](const LedgerEntry& entry) { return entry.intent.profile == "foreign-ca"; };
  ASSERT_EQ(std::ranges::count_if(entries, of_spire), 1);
  const Intent& intent = std::ranges::find_if(entries, of_spire)->intent;
  EXPECT_EQ(intent.caller, "caller:spire");
  EXPECT_EQ(intent.auth_method, "local-socket");
  EXPECT_EQ(intent.authenticator, "spire");
  EXPECT_EQ(intent.credential_id, "uid:" + Me());
  EXPECT_EQ(intent.sans, "spiffe://cluster.local");
}

TEST_F(ForeignCaE2e, SaysWhatIsWrongWithARequest) {
  Start();
  const ForeignCa ca;
  auto request = RequestFor(ca);
  request.set_csr(request.csr() + "x");
  EXPECT_THAT(Sign(request), HasCode(Code::kInvalidArgument)) << "something follows";
  request.set_csr("");
  EXPECT_THAT(Sign(request), HasCode(Code::kInvalidArgument));
  request.set_csr(std::string(100'000, 'x'));
  EXPECT_THAT(Sign(request), HasCode(Code::kInvalidArgument));
  request = RequestFor(ca);
  request.mutable_csr()->back() ^= 1;
  EXPECT_THAT(Sign(request), HasCode(Code::kInvalidArgument)) << "not signed by its key";
  EXPECT_THAT(Sign(RequestFor(ca, -1)), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(Sign(RequestFor(ca, 59)), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(Sign(RequestFor(ForeignCa("P-256", "spiffe://other.local"))), HasCode(Code::kPermissionDenied));
  request = RequestFor(ca);
  request.set_profile("workload");
  EXPECT_THAT(Sign(request), HasCode(Code::kPermissionDenied));
  request.set_profile("");
  EXPECT_THAT(Sign(request), HasCode(Code::kInvalidArgument));
  request = RequestFor(ca);
  request.set_trust_domain("other.local");
  EXPECT_THAT(Sign(request), HasCode(Code::kPermissionDenied));
  EXPECT_THAT(Sign(RequestFor(ca, 60)), IsOk());
}

TEST_F(ForeignCaE2e, ASocketIsItsCallersAndOpenToItsUsersOnly) {
  fixture_.config().api_callers[0].socket->users = {std::to_string(geteuid() + 1)};
  Start();
  EXPECT_THAT(Sign(RequestFor(ForeignCa())), HasCode(Code::kUnavailable)) << "the connection is closed at once";
}

TEST_F(ForeignCaE2e, NoOtherServiceKnowsASocketsCaller) {
  Start();
  const auto channel = grpc::CreateChannel("unix:" + socket_, grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  istio::v1::auth::IstioCertificateRequest request;
  istio::v1::auth::IstioCertificateResponse response;
  request.set_csr(testing::MakeCsrPem());
  const auto status =
      istio::v1::auth::IstioCertificateService::NewStub(channel)->CreateCertificate(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

TEST_F(ForeignCaE2e, EachSocketHasACallerOfItsOwn) {
  const std::string other = fixture_.directory() / "viewer.sock";
  fixture_.config().api_callers.push_back({.caller = {.name = "viewer", .trust_domain = "cluster.local"},
                                           .socket = config::CallerSocket{.path = other, .users = {Me()}}});
  Start();
  ASSERT_OK_AND_ASSIGN(const auto viewer, CaClient::Make({.socket = other}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(viewer->SignCertificate(RequestFor(ForeignCa()), After(kPatience)), HasCode(Code::kPermissionDenied));
    EXPECT_THAT(Sign(RequestFor(ForeignCa())), IsOk());
  }
  Bundles bundles(*viewer);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
}

TEST_F(ForeignCaE2e, ATokenIsAsGoodWhereTheConfigurationNamesItsIdentity) {
  fixture_.config().api_callers.push_back(
      {.caller = {
           .name = "remote", .trust_domain = "cluster.local", .spiffe_id = kWorkload, .foreign_ca = ForeignCaRight{}}});
  Start();
  const auto client_of = [&](const testing::TokenSpec& spec) {
    const std::string roots = fixture_.directory() / "anchors.pem";
    const std::string token = fixture_.directory() / "token";
    EXPECT_THAT(WriteFileAtomically(roots, fixture_.root_pem(), 0600), IsOk());
    EXPECT_THAT(WriteFileAtomically(token, fixture_.Token(spec), 0600), IsOk());
    return CaClient::Make({.address = fixture_.address(), .anchors_file = roots, .token_file = token}).value();
  };
  const auto named = client_of({.ns = "spire", .service_account = "server"});
  EXPECT_THAT(named->SignCertificate(RequestFor(ForeignCa()), After(kPatience)), IsOk());
  const auto other = client_of({.ns = "spire", .service_account = "other"});
  EXPECT_THAT(other->SignCertificate(RequestFor(ForeignCa()), After(kPatience)), HasCode(Code::kPermissionDenied));
}

TEST_F(ForeignCaE2e, WatchesTheBundleAndPublishesKeysIntoIt) {
  Start();
  ASSERT_OK_AND_ASSIGN(const auto second, CaClient::Make({.socket = socket_}));
  Bundles bundles(*second);
  ASSERT_TRUE(bundles.WaitFor(1)) << "the present one comes at once";
  EXPECT_EQ(bundles.all()[0].roots_size(), 1);
  EXPECT_EQ(bundles.all()[0].jwt_keys_size(), 0);
  const ossl::PKey key = testing::MakeKey("P-256");
  ASSERT_OK_AND_ASSIGN(const auto published, Publish("a", key.get()));
  EXPECT_EQ(published.jwt_keys_size(), 1);
  ASSERT_TRUE(bundles.WaitFor(2));
  EXPECT_EQ(bundles.all()[1].jwt_keys(0).key_id(), "a");
  EXPECT_GT(bundles.all()[1].sequence(), bundles.all()[0].sequence());
  EXPECT_THAT(Publish("a", key.get()), IsOk()) << "the same again";
  EXPECT_THAT(Publish("a", testing::MakeKey("P-256").get()), HasCode(Code::kAlreadyExists));
  EXPECT_THAT(Publish("", key.get()), HasCode(Code::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const auto answer, Sign(RequestFor(ForeignCa())));
  EXPECT_EQ(answer.trust_bundle().jwt_keys_size(), 1);
}

TEST_F(ForeignCaE2e, MayNotPublishOrWatchUnlessToldSo) {
  spire().publish_jwt_keys = false;
  spire().watch_bundle = false;
  Start();
  EXPECT_THAT(Publish("a", testing::MakeKey("P-256").get()), HasCode(Code::kPermissionDenied));
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto history,
                       TrustBundles::Open(fixture_.config().state_directory + "/rootkeep.db", clock));
  const auto event = history->History("cluster.local", 1).value().front();
  EXPECT_EQ(event.act, "jwt key published");
  EXPECT_EQ(event.refusal, "publish") << "what was refused is on record too";
  EXPECT_EQ(event.by, "caller:spire");
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
  EXPECT_TRUE(bundles.all().empty());
}

TEST_F(ForeignCaE2e, AStreamOfAnotherTrustDomainIsRefused) {
  Start();
  Bundles bundles(*client_, "other.local");
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
}

TEST_F(ForeignCaE2e, AStreamEndsWhenTheConfigurationTakesItAway) {
  Start();
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitFor(1));
  config::Config without = fixture_.config();
  without.api_callers[0].caller.watch_bundle = false;
  fixture_.daemon().Reload(without);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kPermissionDenied);
}

TEST_F(ForeignCaE2e, AStreamDoesNotHoldUpTheEnd) {
  Start();
  Bundles bundles(*client_);
  ASSERT_TRUE(bundles.WaitFor(1));
  const auto begin = std::chrono::steady_clock::now();
  fixture_.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, fixture_.config().limits.drain / 2);
  ASSERT_TRUE(bundles.WaitForEnd());
  EXPECT_EQ(bundles.end()->code(), Code::kUnavailable);
  EXPECT_NE(access(socket_.c_str(), F_OK), 0) << "the file goes with the daemon";
}

TEST_F(ForeignCaE2e, StreamsAreBounded) {
  Start();
  std::vector<std::unique_ptr<Bundles>> streams;
  std::vector<std::unique_ptr<CaClient>> clients;
  for (std::size_t i = 0; i < BundleStreams::kMostEach; ++i) {
    clients.push_back(CaClient::Make({.socket = socket_}).value());
    streams.push_back(std::make_unique<Bundles>(*clients.back()));
    ASSERT_TRUE(streams.back()->WaitFor(1)) << i;
  }
  Bundles more(*client_);
  ASSERT_TRUE(more.WaitForEnd());
  EXPECT_EQ(more.end()->code(), Code::kResourceExhausted);
  streams.pop_back();
  const auto again = [&] {
    Bundles stream(*client_);
    return stream.WaitFor(1);
  };
  EXPECT_TRUE(testing::Eventually(again)) << "a place is free when its stream has ended";
}

TEST_F(ForeignCaE2e, SeesWhatVouchesForTheIssuingKey) {
  Start();
  const auto channel = grpc::CreateChannel("unix:" + socket_, grpc::InsecureChannelCredentials());
  const auto stub = v1::CertificateAuthority::NewStub(channel);
  const auto ask = [&] {
    grpc::ClientContext context;
    v1::CaEvidence evidence;
    EXPECT_TRUE(stub->GetCaEvidence(&context, {}, &evidence).ok());
    return evidence;
  };
  const v1::CaEvidence evidence = ask();
  EXPECT_EQ(evidence.voucher(), VoucherText(Voucher::kTokenSoftware));
  ASSERT_OK_AND_ASSIGN(const KeyEvidence statement, ReadEvidence(evidence.statement()));
  ASSERT_OK_AND_ASSIGN(const ossl::Cert issuing, ParseCertificateDer(AsBytes(evidence.certificate())));
  EXPECT_EQ(statement.key.public_key, PublicKeyOf(issuing.get()).value());
  EXPECT_EQ(ask().statement(), evidence.statement()) << "the key does not sign for whoever asks";
}

class ForeignCaBelowALeafsCa : public ForeignCaE2e {
 protected:
  ForeignCaBelowALeafsCa() : ForeignCaE2e(0) {}
};

TEST_F(ForeignCaBelowALeafsCa, IsRefusedWithTheReason) {
  Start();
  const auto refused = Sign(RequestFor(ForeignCa()));
  EXPECT_THAT(refused, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(refused, Says("leaves room for 0 CA certificates"));
}

}  // namespace
}  // namespace rootkeep
