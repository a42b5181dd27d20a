// A daemon whose keys are in a token, and a caller of Rootkeep's own API with a socket.
#pragma once

#include <openssl/pem.h>
#include <unistd.h>

#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "signer/client/ca_client.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/foreign_ca.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

inline constexpr std::chrono::seconds kPatience{30};
inline constexpr const char* kWorkload = "spiffe://cluster.local/ns/spire/sa/server";

// What a stream has brought so far.
class Bundles {
 public:
  explicit Bundles(CaClient& client, const std::string& trust_domain = {})
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
    return Eventually([&] { return all().size() >= count; });
  }
  bool WaitForEnd() {
    return Eventually([&] { return end().has_value(); });
  }

 private:
  std::mutex mutex_;
  std::vector<v1::TrustBundle> bundles_;
  std::optional<Error> end_;
  std::jthread thread_;
};

class ForeignCaE2e : public ::testing::Test {
 protected:
  explicit ForeignCaE2e(unsigned path_length = 1) : fixture_(KeyType::kEcP256, SoftHsm::ModulePath(), path_length) {
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
    request.mutable_key()->set_public_key(std::string(AsText(SpkiOf(key))));
    RK_TRY(const auto response, client_->PublishJwtKey(request, After(kPatience)));
    return response.trust_bundle();
  }

  struct TestFiles {
    std::string roots, chain, key;
  };
  TestFiles Write(const std::string& chain, EVP_PKEY* key) {
    const std::string number = std::to_string(++written_);
    TestFiles files{fixture_.directory() / ("roots" + number), fixture_.directory() / ("chain" + number),
                    fixture_.directory() / ("key" + number)};
    const ossl::Bio pem(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(pem.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(pem.get(), &text);
    EXPECT_THAT(WriteFileAtomically(files.roots, fixture_.root_pem(), 0600), IsOk());
    EXPECT_THAT(WriteFileAtomically(files.chain, chain, 0600), IsOk());
    EXPECT_THAT(WriteFileAtomically(files.key, {text, static_cast<std::size_t>(size)}, 0600), IsOk());
    return files;
  }

  // What the keeper of a CA below ours can make for a workload that is not its own, with its chain.
  static std::pair<std::string, ossl::PKey> Forge(ossl::PKey ca_key, const v1::SignCertificateResponse& minted) {
    Identity authority{std::move(ca_key), ParseCertificateDer(AsBytes(minted.chain(0))).value()};
    Identity forged = MakeIdentity({.san = std::string("URI:") + kWorkload}, &authority);
    std::string chain = forged.CertificatePem();
    for (const std::string& der : minted.chain()) chain += CertificatePem(AsBytes(der));
    return {std::move(chain), std::move(forged.key)};
  }
  // What the istio API gives for a client certificate.
  auto Renew(const std::string& chain, EVP_PKEY* key) {
    IstioClientOptions options{.channel = {.address = fixture_.address(), .root_pem = fixture_.root_pem()}};
    options.channel.certificate_chain_pem = chain;
    options.channel.private_key_pem = SecretBytes(ReadFile(Write(chain, key).key, 1 << 16).value());
    options.retry.attempts = 1;
    return IstioClient::Make(std::move(options)).value()->CreateCertificate(MakeCsrPem(), 0, "");
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
  int written_ = 0;
};

}  // namespace rootkeep::testing
