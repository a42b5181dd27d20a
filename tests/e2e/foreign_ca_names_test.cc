// Which hosts' names what somebody else's CA makes below ours may have, by OpenSSL's own program and by our clients.
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "proto/istio/ca.grpc.pb.h"
#include "signer/certificate/certificate.h"
#include "signer/client/istio_client.h"
#include "tests/e2e/api_fixture.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/program.h"
#include "tests/support/test_certificate.h"

namespace rootkeep {
namespace {

using testing::CertificateShape;
using testing::ForeignCa;
using testing::ForeignCaE2e;
using testing::HasCode;
using testing::Identity;
using testing::IsOk;

const std::string kSvid = "URI:spiffe://cluster.local/ns/shop/sa/web";

// Somebody who would like to see what clients of ours show their CA.
class Impostor final : public istio::v1::auth::IstioCertificateService::Service {
 public:
  Impostor(const std::string& chain_pem, const std::string& key_pem) {
    grpc::SslServerCredentialsOptions options;
    options.pem_key_cert_pairs = {{key_pem, chain_pem}};
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  grpc::Status CreateCertificate(grpc::ServerContext*, const istio::v1::auth::IstioCertificateRequest*,
                                 istio::v1::auth::IstioCertificateResponse*) override {
    return {grpc::StatusCode::DATA_LOSS, "thank you"};
  }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

class ForeignCaNames : public ForeignCaE2e {
 protected:
  void StartWith(HostsBelow hosts) {
    spire().foreign_ca->hosts = hosts;
    Start();
    ForeignCa ca;
    ASSERT_OK_AND_ASSIGN(const auto minted, Sign(RequestFor(ca)));
    ASSERT_THAT(Verify(minted), IsOk());
    authority_ = {std::move(ca.key), ParseCertificateDer(AsBytes(minted.chain(0))).value()};
    for (const std::string& der : minted.chain()) above_ += CertificatePem(AsBytes(der));
  }
  [[nodiscard]] Identity Leaf(const CertificateShape& shape) const { return MakeIdentity(shape, &authority_); }

  // What OpenSSL says of it; empty: it verifies.
  std::string OpenSslSays(const CertificateShape& shape) {
    const Identity leaf = Leaf(shape);
    const TestFiles files = Write(leaf.CertificatePem(), leaf.key.get());
    const std::string above = fixture_.directory() / "above.pem";
    EXPECT_THAT(WriteFileAtomically(above, above_, 0600), IsOk());
    const auto result =
        testing::RunProgram({"openssl", "verify", "-CAfile", files.roots, "-untrusted", above, files.chain});
    return result.exit_code == 0 ? "" : result.out + result.err;
  }
  // What a client of ours gets from a server with this certificate when it looks for `name`.
  Code ClientsOfOursGet(const CertificateShape& shape, const std::string& name) {
    const Identity leaf = Leaf(shape);
    const Impostor impostor(leaf.CertificatePem() + above_, leaf.KeyPem());
    IstioClientOptions options{
        .channel = {.address = impostor.address(), .root_pem = fixture_.root_pem(), .server_name = name},
        .bearer_token = SecretBytes(std::string("a token"))};
    options.retry.attempts = 1;
    const auto client = IstioClient::Make(std::move(options));
    return client.value()->CreateCertificate(testing::MakeCsrPem(), 0, "").error().code();
  }

  Identity authority_;
  std::string above_;  // leaf's issuer first
};

TEST_F(ForeignCaNames, NoneOfOursByDefault) {
  StartWith(ForeignCaRight{}.hosts);
  EXPECT_EQ(OpenSslSays({.san = kSvid}), "");
  EXPECT_EQ(OpenSslSays({.san = kSvid + ",DNS:web.shop.svc,DNS:*.shop.test,IP:192.0.2.7"}), "")
      << "as entries with dns_names have";
  for (const char* name : {"DNS:localhost", "DNS:istiod.istio-system.svc", "DNS:*.istio-system.svc",
                           "DNS:ISTIOD.istio-system.SVC", "IP:127.0.0.1", "IP:::ffff:127.0.0.1"}) {
    EXPECT_THAT(OpenSslSays({.san = kSvid + "," + name}), ::testing::HasSubstr("excluded subtree violation")) << name;
  }
  EXPECT_THAT(OpenSslSays({.common_name = "istiod.istio-system.svc", .san = kSvid}),
              ::testing::HasSubstr("excluded subtree violation"))
      << "some look for a server's name there";
  for (const char* name : {"DNS:istiod.istio-system.svc", "DNS:*.istio-system.svc"}) {
    EXPECT_EQ(ClientsOfOursGet({.san = name}, "istiod.istio-system.svc"), Code::kUnavailable) << name;
  }
  EXPECT_EQ(ClientsOfOursGet({.san = "DNS:web.shop.svc"}, "web.shop.svc"), Code::kDataLoss)
      << "nobody looks for us there";
}

// Constraints say nothing of these, and gRPC by itself would take them for the host.
TEST_F(ForeignCaNames, WhatIsNoNameOfAHostIsNoneToOurClients) {
  StartWith(ForeignCaRight{}.hosts);
  for (const char* name :
       {"email:istiod.istio-system.svc", "URI:istiod.istio-system.svc", "DNS:istiod.istio-system.svc."}) {
    EXPECT_EQ(OpenSslSays({.san = name}), "") << name;
    EXPECT_EQ(ClientsOfOursGet({.san = name}, "istiod.istio-system.svc"), Code::kUnavailable) << name;
  }
  EXPECT_EQ(OpenSslSays({.san = "DNS:127.0.0.1"}), "");
  EXPECT_EQ(ClientsOfOursGet({.san = "DNS:127.0.0.1"}, ""), Code::kUnavailable) << "what it calls is 127.0.0.1";
}

TEST_F(ForeignCaNames, NoneAtAllWhereThatIsSaid) {
  StartWith(HostsBelow::kNone);
  EXPECT_EQ(OpenSslSays({.san = kSvid}), "");
  for (const char* name : {"DNS:web.shop.svc", "DNS:*.shop.test", "DNS:localhost", "IP:192.0.2.7", "IP:2001:db8::7"}) {
    EXPECT_THAT(OpenSslSays({.san = kSvid + "," + name}), ::testing::HasSubstr("excluded subtree violation")) << name;
  }
  EXPECT_EQ(ClientsOfOursGet({.san = "DNS:web.shop.svc"}, "web.shop.svc"), Code::kUnavailable);
}

TEST_F(ForeignCaNames, AnyWhereThatIsSaid) {
  StartWith(HostsBelow::kAny);
  EXPECT_EQ(OpenSslSays({.san = kSvid + ",DNS:istiod.istio-system.svc"}), "");
  EXPECT_EQ(ClientsOfOursGet({.san = "DNS:istiod.istio-system.svc"}, "istiod.istio-system.svc"), Code::kDataLoss);
}

}  // namespace
}  // namespace rootkeep
