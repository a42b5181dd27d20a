#include "signer/rpc/server_credentials.h"

#include <grpcpp/create_channel.h>
#include <openssl/ssl.h>

#include "signer/rpc/health_service.h"
#include "signer/rpc/server.h"
#include "signer/rpc/tls_defaults.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"

namespace rootkeep {
namespace {

using testing::Identity;
using testing::IsOk;

constexpr char kWorkload[] = "URI:spiffe://cluster.local/ns/default/sa/web";

class ServerCredentialsTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_THAT(ApplyTlsDefaults(), IsOk()); }

  void SetUp() override {
    Identity server = testing::MakeIdentity({.san = "DNS:localhost"}, &ca_);
    ASSERT_OK_AND_ASSIGN(identity_,
                         ServingIdentity::Make(server.KeyPem(), server.CertificatePem(), ca_.CertificatePem()));
    server_key_ = std::move(server.key);
    health_.Set("", true);
    ASSERT_OK_AND_ASSIGN(running_,
                         StartServer({{"127.0.0.1:0", identity_->Credentials({"cluster.local"})}}, {&health_}));
  }
  void TearDown() override {
    health_.Stop();
    running_.server->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  }

  // A call on a connection of its own.
  grpc::StatusCode Call(const Identity* client) { return CallTrusting(ca_, client); }
  grpc::StatusCode CallTrusting(const Identity& root, const Identity* client) {
    grpc::SslCredentialsOptions options{.pem_root_certs = root.CertificatePem()};
    if (client != nullptr) {
      options.pem_private_key = client->KeyPem();
      options.pem_cert_chain = client->CertificatePem();
    }
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);
    const auto stub = grpc::health::v1::Health::NewStub(grpc::CreateCustomChannel(
        "127.0.0.1:" + std::to_string(running_.ports[0]), grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::health::v1::HealthCheckResponse response;
    return stub->Check(&context, {}, &response).error_code();
  }

  Identity ca_ = testing::MakeCa();
  ossl::PKey server_key_;
  HealthService health_;
  std::unique_ptr<ServingIdentity> identity_;
  RunningServer running_;
};

TEST_F(ServerCredentialsTest, ServesClientsWithoutACertificate) { EXPECT_EQ(Call(nullptr), grpc::StatusCode::OK); }

TEST_F(ServerCredentialsTest, ServesAWorkloadOfTheTrustDomain) {
  const Identity client = testing::MakeIdentity({.san = kWorkload}, &ca_);
  EXPECT_EQ(Call(&client), grpc::StatusCode::OK);
}

TEST_F(ServerCredentialsTest, RefusesACertificateOfAnUnknownCa) {
  const Identity other = testing::MakeCa("another CA");
  const Identity client = testing::MakeIdentity({.san = kWorkload}, &other);
  EXPECT_EQ(Call(&client), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerCredentialsTest, Case8_RefusesTwoUriNamesAndUnknownTrustDomains) {
  const Identity two =
      testing::MakeIdentity({.san = std::string(kWorkload) + ",URI:spiffe://cluster.local/ns/default/sa/other"}, &ca_);
  EXPECT_EQ(Call(&two), grpc::StatusCode::UNAVAILABLE);
  const Identity foreign = testing::MakeIdentity({.san = "URI:spiffe://other.domain/ns/default/sa/web"}, &ca_);
  EXPECT_EQ(Call(&foreign), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(ServerCredentialsTest, ShowsAReplacedChainToNewConnections) {
  const Identity new_ca = testing::MakeCa("new CA");
  EXPECT_EQ(CallTrusting(new_ca, nullptr), grpc::StatusCode::UNAVAILABLE);
  const Identity renewed = testing::MakeIdentityWithKey(std::move(server_key_), {.san = "DNS:localhost"}, &new_ca);
  ASSERT_THAT(identity_->ReplaceChain(renewed.CertificatePem()), IsOk());
  EXPECT_TRUE(testing::Eventually([&] { return CallTrusting(new_ca, nullptr) == grpc::StatusCode::OK; }));
  const Identity client = testing::MakeIdentity({.san = kWorkload}, &ca_);
  EXPECT_EQ(CallTrusting(new_ca, &client), grpc::StatusCode::OK) << "client roots are still the old ones";
  ASSERT_THAT(identity_->ReplaceClientRoots(new_ca.CertificatePem()), IsOk());
  EXPECT_TRUE(testing::Eventually([&] { return CallTrusting(new_ca, &client) == grpc::StatusCode::UNAVAILABLE; }));
}

// Session tickets would cost every handshake of clients that never resume (tls_defaults.h).
TEST_F(ServerCredentialsTest, SendsNoSessionTickets) {
  const ossl::Owned<SSL_CTX, SSL_CTX_free> context(SSL_CTX_new(TLS_client_method()));
  int tickets = 0;
  SSL_CTX_set_app_data(context.get(), &tickets);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT);
  SSL_CTX_sess_set_new_cb(context.get(), [](SSL* ssl, SSL_SESSION*) {
    ++*static_cast<int*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    return 0;
  });
  const std::string port = std::to_string(running_.ports[0]);
  const ossl::Bio bio(BIO_new_ssl_connect(context.get()));
  BIO_set_conn_hostname(bio.get(), ("127.0.0.1:" + port).c_str());
  SSL* ssl = nullptr;
  BIO_get_ssl(bio.get(), &ssl);
  const std::string alpn("\x02h2");
  SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()), 3);
  ASSERT_EQ(BIO_do_connect(bio.get()), 1);
  ASSERT_EQ(SSL_version(ssl), TLS1_3_VERSION);
  // The server's SETTINGS frame follows whatever tickets there were.
  char byte = 0;
  ASSERT_EQ(BIO_read(bio.get(), &byte, 1), 1);
  EXPECT_EQ(tickets, 0);
}

}  // namespace
}  // namespace rootkeep
