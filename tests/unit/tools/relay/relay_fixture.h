// A relay before a CA that answers as a test scripts it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/unit/signer/client/fake_ca.h"
#include "tools/relay/relay.h"

namespace rootkeep::testing {

// What the relay tells.
class Told final : public relay::Observer {
 public:
  void Answered(const relay::AnsweredCall& call) noexcept override {
    const MutexLock lock(mutex_);
    calls_.push_back(call);
  }
  void Refused(const relay::RefusedConnection& connection) noexcept override {
    const MutexLock lock(mutex_);
    refused_.emplace_back(connection.why);
  }
  void CaReached(bool reached) noexcept override {
    const MutexLock lock(mutex_);
    reached_.push_back(reached);
  }
  [[nodiscard]] std::vector<relay::AnsweredCall> Calls() const {
    const MutexLock lock(mutex_);
    return calls_;
  }
  // Why connections were.
  [[nodiscard]] std::vector<std::string> Refused() const {
    const MutexLock lock(mutex_);
    return refused_;
  }
  // True, false: it was, and is not now.
  [[nodiscard]] std::vector<bool> Reached() const {
    const MutexLock lock(mutex_);
    return reached_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<relay::AnsweredCall> calls_ RK_GUARDED_BY(mutex_);
  std::vector<std::string> refused_ RK_GUARDED_BY(mutex_);
  std::vector<bool> reached_ RK_GUARDED_BY(mutex_);
};

// Of one call.
struct RelayAnswer {
  grpc::Status status;
  std::vector<std::string> chain;
  std::multimap<std::string, std::string> trailing;
};

class RelayFixture : public ::testing::Test {
 protected:
  static constexpr std::int64_t kNow = 1'800'000'000;
  static constexpr std::int64_t kEnd = kNow + 3600;

  // Not listening yet.
  void Make(relay::RelayOptions options = {}) {
    options.addresses = {"127.0.0.1:0"};
    // No TPM signs here, and tests connect often.
    if (options.connections.per_second == relay::ConnectionLimits().per_second) options.connections.per_second = 50;
    if (options.ca.address.empty()) options.ca.address = ca_->address();
    options.ca.server_name = "istiod.istio-system.svc";
    relay_ = std::make_unique<relay::Relay>(std::move(options), told_, clock_);
  }
  void Start(relay::RelayOptions options = {}) {
    Make(std::move(options));
    ASSERT_THAT(relay_->Use(IdentityOf(node_)), IsOk());
  }
  [[nodiscard]] relay::NodeIdentity IdentityOf(const Identity& node) const {
    return {.chain_pem = node.CertificatePem(),
            .key_pem = node.KeyPem(),
            .ca_roots_pem = ca_roots_,
            .not_after = FromUnixSeconds(kEnd)};
  }
  static Identity MakeNode(const Identity& issuer) {
    return MakeIdentity({.san = "URI:spiffe://cluster.local/node/n1,DNS:localhost"}, &issuer);
  }

  // A channel of a client that trusts this CA and calls the relay "localhost".
  [[nodiscard]] std::shared_ptr<grpc::Channel> Channel(const Identity& trusted) const {
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride("localhost");
    arguments.SetInt("grpc.use_local_subchannel_pool", 1);
    arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(relay_->ports().at(0)),
                                     grpc::SslCredentials({.pem_root_certs = trusted.CertificatePem()}), arguments);
  }
  static RelayAnswer Call(grpc::ClientContext& context, const std::shared_ptr<grpc::Channel>& channel,
                          const std::string& csr = "a request") {
    istio::v1::auth::IstioCertificateRequest request;
    request.set_csr(csr);
    request.set_validity_duration(77);
    istio::v1::auth::IstioCertificateResponse response;
    const auto stub = istio::v1::auth::IstioCertificateService::NewStub(channel);
    RelayAnswer answer{.status = stub->CreateCertificate(&context, request, &response)};
    answer.chain.assign(response.cert_chain().begin(), response.cert_chain().end());
    for (const auto& [name, value] : context.GetServerTrailingMetadata()) {
      answer.trailing.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
    return answer;
  }
  RelayAnswer Call(grpc::ClientContext& context) { return Call(context, Channel(root_)); }
  // Without a deadline, as istio's clients call.
  RelayAnswer Call() {
    grpc::ClientContext context;
    return Call(context);
  }
  grpc::StatusCode CallCode() { return Call().status.error_code(); }

  std::unique_ptr<FakeCa> ca_ = std::make_unique<FakeCa>();
  std::string ca_roots_ = ca_->root_pem();  // by which the relay knows it
  const Identity root_ = MakeCa("nodes' CA");
  const Identity node_ = MakeNode(root_);
  ManualClock clock_{kNow};
  Told told_;
  std::unique_ptr<relay::Relay> relay_;
};

}  // namespace rootkeep::testing
