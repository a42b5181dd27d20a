// The service on a server of its own, with an issuer over software keys behind it.
#pragma once

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <optional>
#include <string>

#include "signer/ledger/open_ledger.h"
#include "signer/rpc/istio_service.h"
#include "signer/rpc/server.h"
#include "signer/rpc/server_credentials.h"
#include "tests/support/forgetful_ledger.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

// How many calls a polling thread lets in before it issues for the first of them.
class Gathering {
 public:
  void LetIn() { ++gathered_; }
  void Issued() {
    unsigned most = most_;
    while (most < gathered_ && !most_.compare_exchange_weak(most, gathered_)) continue;
    gathered_ = 0;
  }
  [[nodiscard]] unsigned most() const { return most_; }

 private:
  inline static thread_local unsigned gathered_ = 0;
  std::atomic<unsigned> most_ = 0;
};

// Asked for each request that is issued.
class IssueClock final : public Clock {
 public:
  explicit IssueClock(Gathering& gathering) : gathering_(gathering) {}
  [[nodiscard]] WallTime Now() const override {
    gathering_.Issued();
    return clock_.Now();
  }

 private:
  Gathering& gathering_;
  SystemClock clock_;
};

// Lets everybody in, or is overloaded at first, or throws, as a library out of memory would.
class FakeAuthenticator final : public Authenticator {
 public:
  explicit FakeAuthenticator(Gathering& gathering) : gathering_(gathering) {}

  [[nodiscard]] AuthOutcome Authenticate(const CallContext& call) const override {
    if (throws) throw std::bad_alloc();
    if (refusals > 0) {
      --refusals;
      return ResourceExhausted("full").WithReason("queue_full").WithRetryAfter(std::chrono::milliseconds(20));
    }
    gathering_.LetIn();
    return Caller{.identities = {GeneralNameFromText("spiffe://cluster.local/ns/default/sa/web")},
                  .authenticator = "fake",
                  .trust_domain = "cluster.local",
                  .peer = std::string(call.peer)};
  }

  bool throws = false;
  mutable std::atomic<int> refusals = 0;

 private:
  Gathering& gathering_;
};

class IstioServiceFixture : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(ledger_, OpenLedger({.path = dir_ / "ledger.db"}));
    forgetful_.emplace(*ledger_);
    authorities_.Replace({authority_.authority});
    issuer_ = std::make_unique<Issuer>(Issuer::Parts{.authorities = authorities_,
                                                     .policy = policy_,
                                                     .ledger = *forgetful_,
                                                     .metrics = metrics_,
                                                     .clock = clock_},
                                       IssuerOptions{});
    service_ = std::make_unique<IstioService>(authenticator_, *issuer_, metrics_, std::chrono::seconds(10));
    const Identity ca = MakeCa();
    const Identity serving = MakeIdentity({.san = "DNS:localhost"}, &ca);
    ASSERT_OK_AND_ASSIGN(identity_,
                         ServingIdentity::Make(serving.KeyPem(), serving.CertificatePem(), ca.CertificatePem()));
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({{"127.0.0.1:0", identity_->Credentials({"cluster.local"})},
                                                 {"127.0.0.1:0", grpc::InsecureServerCredentials()}},
                                                {service_.get()}));
    ca_ = ca.CertificatePem();
    stub_ = StubFor(0, grpc::SslCredentials({.pem_root_certs = ca_}));
  }
  void TearDown() override {
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    issuer_.reset();
  }

  std::unique_ptr<istio::v1::auth::IstioCertificateService::Stub> StubFor(
      std::size_t listener, const std::shared_ptr<grpc::ChannelCredentials>& credentials,
      const grpc::ChannelArguments& arguments = {}) {
    return istio::v1::auth::IstioCertificateService::NewStub(
        grpc::CreateCustomChannel("localhost:" + std::to_string(server_->ports()[listener]), credentials, arguments));
  }

  grpc::Status Call() {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    istio::v1::auth::IstioCertificateRequest request;
    request.set_csr(MakeCsrPem());
    const grpc::Status status = stub_->CreateCertificate(&context, request, &response_);
    const auto& trailers = context.GetServerTrailingMetadata();
    const auto id = trailers.find("x-request-id");
    request_id_ = id == trailers.end() ? "" : std::string(id->second.data(), id->second.size());
    return status;
  }

  const TempDir dir_;
  IssuingAuthority authority_;
  AuthoritySet authorities_;
  Snapshot<Policy> policy_{std::make_shared<Policy>()};
  Metrics metrics_;
  Gathering gathering_;
  IssueClock clock_{gathering_};
  FakeAuthenticator authenticator_{gathering_};
  std::unique_ptr<Ledger> ledger_;
  std::optional<ForgetfulLedger> forgetful_;  // in front of ledger_
  std::unique_ptr<Issuer> issuer_;
  std::unique_ptr<IstioService> service_;
  std::unique_ptr<ServingIdentity> identity_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<istio::v1::auth::IstioCertificateService::Stub> stub_;
  istio::v1::auth::IstioCertificateResponse response_;
  std::string request_id_;
  std::string ca_;
};

}  // namespace rootkeep::testing
