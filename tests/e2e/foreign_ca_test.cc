// Somebody else's CA, SPIRE's for example, below a daemon whose keys are in a token.
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>

#include "proto/istio/ca.grpc.pb.h"
#include "signer/certificate/certificate.h"
#include "signer/ledger/open_ledger.h"
#include "tests/e2e/api_fixture.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/test_certificate.h"

namespace rootkeep {
namespace {

using testing::Bundles;
using testing::ForeignCa;
using testing::ForeignCaE2e;
using testing::HasCode;
using testing::IsOk;
using testing::kPatience;
using testing::kWorkload;
using testing::Says;

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
  ASSERT_OK_AND_ASSIGN(const ossl::Cert issuing, ParseCertificateDer(AsBytes(answer.chain(1))));
  ASSERT_NE(X509_get0_authority_key_id(minted.get()), nullptr);
  EXPECT_EQ(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(minted.get()), X509_get0_subject_key_id(issuing.get())),
            0);
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

// Whoever keeps a CA below ours can make a certificate for any identity of the trust domain.
TEST_F(ForeignCaE2e, ACertificateIsAsGoodIfItIsOneOfOurs) {
  fixture_.config().api_callers.push_back(
      {.caller = {
           .name = "remote", .trust_domain = "cluster.local", .spiffe_id = kWorkload, .foreign_ca = ForeignCaRight{}}});
  Start();
  const auto client_of = [&](const std::string& chain, EVP_PKEY* key) {
    const TestFiles files = Write(chain, key);
    return CaClient::Make({.address = fixture_.address(),
                           .anchors_file = files.roots,
                           .certificate_file = files.chain,
                           .key_file = files.key})
        .value();
  };
  const ossl::PKey own_key = testing::MakeKey("P-256");
  const auto istio = fixture_.Client(fixture_.Token({.ns = "spire", .service_account = "server"}));
  ASSERT_OK_AND_ASSIGN(const auto own, istio->CreateCertificate(testing::MakeCsrPem(own_key.get(), kWorkload), 0, ""));
  const auto direct = client_of(own.cert_chain[0] + own.cert_chain[1], own_key.get());
  EXPECT_THAT(direct->SignCertificate(RequestFor(ForeignCa()), After(kPatience)), IsOk());

  ForeignCa ca;
  ASSERT_OK_AND_ASSIGN(const auto minted, Sign(RequestFor(ca)));
  const auto [chain, forged] = Forge(std::move(ca.key), minted);
  const auto indirect = client_of(chain, forged.get());
  const auto refused = indirect->SignCertificate(RequestFor(ForeignCa()), After(kPatience));
  EXPECT_THAT(refused, HasCode(Code::kUnauthenticated));
  EXPECT_NE(refused.error().code(), Code::kUnavailable) << "the handshake is not what refused it";

  // Nor does the istio API give anything for it.
  EXPECT_THAT(Renew(own.cert_chain[0] + own.cert_chain[1], own_key.get()), IsOk());
  EXPECT_THAT(Renew(chain, forged.get()), HasCode(Code::kUnauthenticated));
}

// The entry is gone, the CA that it had is not.
TEST_F(ForeignCaE2e, ItsCertificatesCountForNothingWhenTheEntryIsGoneEither) {
  Start();
  ForeignCa ca;
  ASSERT_OK_AND_ASSIGN(const auto minted, Sign(RequestFor(ca)));
  const ossl::PKey own_key = testing::MakeKey("P-256");
  const auto istio = fixture_.Client(fixture_.Token({.ns = "spire", .service_account = "server"}));
  ASSERT_OK_AND_ASSIGN(const auto own, istio->CreateCertificate(testing::MakeCsrPem(own_key.get(), kWorkload), 0, ""));
  fixture_.Stop();
  client_.reset();
  fixture_.config().api_callers.clear();
  ASSERT_THAT(fixture_.Start(), IsOk());
  fixture_.WaitUntilServing();

  EXPECT_THAT(Renew(own.cert_chain[0] + own.cert_chain[1], own_key.get()), IsOk());
  const auto [chain, forged] = Forge(std::move(ca.key), minted);
  EXPECT_THAT(Renew(chain, forged.get()), HasCode(Code::kUnauthenticated));
}

TEST_F(ForeignCaE2e, ItsCertificatesCountForNothingWhenAReloadTookTheRightAway) {
  Start();
  const ossl::PKey own_key = testing::MakeKey("P-256");
  const auto istio = fixture_.Client(fixture_.Token({.ns = "spire", .service_account = "server"}));
  ASSERT_OK_AND_ASSIGN(const auto own, istio->CreateCertificate(testing::MakeCsrPem(own_key.get(), kWorkload), 0, ""));
  const std::string own_chain = own.cert_chain[0] + own.cert_chain[1];
  const config::Config with = fixture_.config();
  config::Config without = with;
  without.api_callers[0].caller.foreign_ca.reset();

  fixture_.daemon().Reload(without);
  ForeignCa ca;
  EXPECT_THAT(Sign(RequestFor(ca)), HasCode(Code::kPermissionDenied));
  EXPECT_THAT(Renew(own_chain, own_key.get()), IsOk());

  fixture_.daemon().Reload(with);
  ASSERT_OK_AND_ASSIGN(const auto minted, Sign(RequestFor(ca)));
  fixture_.daemon().Reload(without);
  const auto [chain, forged] = Forge(std::move(ca.key), minted);
  EXPECT_THAT(Renew(chain, forged.get()), HasCode(Code::kUnauthenticated));
  EXPECT_THAT(Renew(own_chain, own_key.get()), IsOk());
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
