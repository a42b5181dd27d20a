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
    ASSERT_OK_AND_ASSIGN(server_,
                         Server::Start({{"127.0.0.1:0", identity_->Credentials({"cluster.local"})}}, {&service_}));
  }
  void TearDown() override {
    health_.Stop();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
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
        "127.0.0.1:" + std::to_string(server_->ports()[0]), grpc::SslCredentials(options), arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    grpc::health::v1::HealthCheckResponse response;
    return stub->Check(&context, {}, &response).error_code();
  }

  Identity ca_ = testing::MakeCa();
  ossl::PKey server_key_;
  Health health_;
  HealthService service_{health_};
  std::unique_ptr<ServingIdentity> identity_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerCredentialsTest, ServesClientsWithoutACertificate) { EXPECT_EQ(Call(nullptr), grpc::StatusCode::OK); }

TEST_F(ServerCredentialsTest, ServesAWorkloadOfTheTrustDomain) {
  const Identity client = testing::MakeIdentity({.san = kWorkload}, &ca_);
  EXPECT_EQ(Call(&client), grpc::StatusCode::OK);
}

// A node's name, of whichever form: whose it is, is found at the call.
TEST_F(ServerCredentialsTest, ServesANodeOfTheTrustDomain) {
  const Identity node = testing::MakeIdentity({.san = "URI:spiffe://cluster.local/node/n1"}, &ca_);
  EXPECT_EQ(Call(&node), grpc::StatusCode::OK);
  for (const char* name : {"URI:spiffe://other.domain/node/n1", "URI:spiffe://cluster.local/ns/n1",
                           "URI:spiffe://cluster.local/node/n1,URI:spiffe://cluster.local/node/n2"}) {
    const Identity other = testing::MakeIdentity({.san = name}, &ca_);
    EXPECT_EQ(Call(&other), grpc::StatusCode::UNAVAILABLE) << name;
  }
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

// A connection of OpenSSL's own, for what gRPC's clients do not show.
class TlsConnection {
 public:
  // `groups` is what the client offers for the key exchange.
  TlsConnection(int port, const char* groups) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_app_data(context_.get(), this);
    SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
    SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION*) {
      ++static_cast<TlsConnection*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->tickets_;
      return 0;
    });
    bio_.reset(BIO_new_ssl_connect(context_.get()));
    BIO_set_conn_hostname(bio_.get(), ("127.0.0.1:" + std::to_string(port)).c_str());
    BIO_get_ssl(bio_.get(), &ssl_);
    SSL_set1_groups_list(ssl_, groups);
    const std::string alpn("\x02h2");
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(alpn.data()), 3);
  }

  bool Connect() { return BIO_do_connect(bio_.get()) == 1; }
  bool ReadOctet() {
    char octet = 0;
    return BIO_read(bio_.get(), &octet, 1) == 1;
  }
  [[nodiscard]] SSL* ssl() const { return ssl_; }
  [[nodiscard]] int tickets() const { return tickets_; }

 private:
  ossl::Owned<SSL_CTX, SSL_CTX_free> context_;
  ossl::Bio bio_;
  SSL* ssl_ = nullptr;
  int tickets_ = 0;
};

// Session tickets would cost every handshake of clients that never resume (tls_defaults.h).
TEST_F(ServerCredentialsTest, SendsNoSessionTickets) {
  TlsConnection connection(server_->ports()[0], "P-256");
  ASSERT_TRUE(connection.Connect());
  ASSERT_EQ(SSL_version(connection.ssl()), TLS1_3_VERSION);
  // The server's SETTINGS frame follows whatever tickets there were.
  ASSERT_TRUE(connection.ReadOctet());
  EXPECT_EQ(connection.tickets(), 0);
}

// Whatever the client would rather have, of what it has.
TEST_F(ServerCredentialsTest, ChoosesTheSuiteThatHashesInHardware) {
  for (const auto& [offered, chosen] :
       {std::pair{"TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"},
        std::pair{"TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384"},
        std::pair{"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}}) {
    TlsConnection connection(server_->ports()[0], "X25519");
    ASSERT_EQ(SSL_set_ciphersuites(connection.ssl(), offered), 1);
    ASSERT_TRUE(connection.Connect()) << offered;
    EXPECT_STREQ(SSL_get_cipher_name(connection.ssl()), chosen);
  }
}

// gRPC 1.51 by itself offers P-256 alone.
TEST_F(ServerCredentialsTest, ExchangesKeysOnEachOfItsGroups) {
  for (const char* group : {"X25519", "P-256"}) {
    EXPECT_TRUE(TlsConnection(server_->ports()[0], group).Connect()) << group;
  }
  ossl::ClearErrors();
  EXPECT_FALSE(TlsConnection(server_->ports()[0], "P-384:P-521").Connect());
  ossl::ClearErrors();
}

}  // namespace
}  // namespace rootkeep
