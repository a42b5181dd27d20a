// Certificates kept fresh: with keys in a real token, a CA in this process, and a clock that a test moves.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/catalog/catalog.h"
#include "signer/authority/certificates.h"
#include "signer/csr/csr.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/test_certificate.h"
#include "tools/rootkeep-agent/certificate_keeper.h"
#include "tools/rootkeep-agent/key_permits.h"
#include "tools/rootkeep-agent/making_store.h"

namespace rootkeep::agent {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::IsOk;

inline constexpr std::int64_t kStart = 1'800'000'000;

// Issues for whoever proves that he has the key, for as long as he asks.
class FakeCa {
 public:
  explicit FakeCa(const Clock& clock) : clock_(clock) {}

  Result<std::vector<std::string>> Issue(const std::string& csr_pem, seconds lifetime, const ClientCertificate* by) {
    ++asked;
    shown = by != nullptr ? std::optional(*by) : std::nullopt;
    if (by != nullptr) RK_RETURN_IF_ERROR(certificates);
    RK_RETURN_IF_ERROR(down);
    RK_TRY(const Csr csr, ParseCsr(csr_pem));
    RK_RETURN_IF_ERROR(VerifyProofOfPossession(csr));
    RK_TRY(const PublicKey key, PublicKey::FromSpki(csr.spki));
    names = Describe(csr.sans);
    EVP_PKEY_up_ref(key.pkey());
    const std::int64_t now = ToUnixSeconds(clock_.Now());
    testing::CertificateShape shape{.san = "URI:spiffe://cluster.local/ns/demo/sa/web"};
    shape.not_before = now - age.count();
    shape.not_after = now - age.count() + lifetime.count();
    auto issued = testing::MakeIdentityWithKey(ossl::PKey(key.pkey()), shape, &root);
    if (for_another_key) issued = testing::MakeIdentity(shape, &root);
    return std::vector<std::string>{issued.CertificatePem(), root.CertificatePem()};
  }

  const testing::Identity root = testing::MakeCa();
  int asked = 0;
  std::string names;
  std::optional<ClientCertificate> shown;  // at last
  Status down = Ok();
  Status certificates = Ok();  // whether they are accepted
  bool for_another_key = false;
  bool takes_certificates = true;  // in the place of another proof
  std::optional<WallTime> renew_by;
  std::string key_label;  // of the last request
  seconds age{0};         // of certificates, when they are issued

 private:
  const Clock& clock_;
};

class FakeSource final : public CertificateSource {
 public:
  explicit FakeSource(FakeCa& ca) : ca_(ca) {}
  [[nodiscard]] bool TakesCertificates() const override { return ca_.takes_certificates; }
  [[nodiscard]] std::string_view proof() const override { return ca_.takes_certificates ? "token" : "attestation"; }
  Result<CertificateAnswer> Ask(const CertificateRequest& request) override {
    ca_.key_label = request.key.label;
    RK_TRY(auto elements, ca_.Issue(request.csr_pem, request.lifetime, request.shown));
    return CertificateAnswer{.elements = std::move(elements), .renew_by = ca_.renew_by};
  }

 private:
  FakeCa& ca_;
};

// The last of what was told.
struct ToldOfCertificate final : CertificateReports {
  void Holds(const std::string& /*certificate*/, WallTime end, const std::vector<GeneralName>& names) override {
    not_after = end;
    missing = rootkeep::Describe(names);
  }
  void Renewed(const std::string& /*certificate*/, std::string_view by) override { renewals.emplace_back(by); }
  void Failed(const std::string& /*certificate*/, std::string_view step) override { failures.emplace_back(step); }
  void Report(const std::string& /*certificate*/, const std::string& why) override { trouble = why; }

  std::optional<WallTime> not_after;
  std::string missing;
  std::vector<std::string> renewals;
  std::vector<std::string> failures;
  std::optional<std::string> trouble;
};

class CertificateKeeperTest : public ::testing::Test {
 protected:
  CertificateKeeperTest() {
    config.name = "web";
    config.key.name = "web";
    config.identities = {GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/web"), GeneralNameFromText("web.test"),
                         GeneralNameFromText("192.0.2.1")};
    config.lifetime = hours(1);
    config.chain_file = directory / "chain.pem";
    config.bundle_file = directory / "bundle.pem";
    config.key_file = directory / "key.pem";
    config.socket_path = "/run/rootkeep-agent/web/keys";
    config.reload = {"/usr/sbin/reload-it"};
  }

  // As an agent that starts.
  std::unique_ptr<CertificateKeeper> Start() {
    store = std::make_shared<MakingStore>(hsm.OpenStore(), directory / "keys.db",
                                          TokenName{.label = testing::SoftHsm::kLabel, .serial = {}}, clock, made,
                                          foreign_ca_keys);
    return std::make_unique<CertificateKeeper>(
        CertificateKeeper::Parts{.config = config,
                                 .access = {.owner = {}, .group = {}, .mode = 0640},
                                 .store = store,
                                 .catalog_path = directory / "keys.db",
                                 .mark_path = directory / "mark",
                                 .own_socket = own_socket,
                                 .source = std::make_unique<FakeSource>(ca),
                                 .stop = stop.get_token(),
                                 .permit = [this](const KeyInfo& key) -> Status {
                                   RK_RETURN_IF_ERROR(permitted);
                                   KeyPermits permits;
                                   permits.Set(Catalogue()->List().value());
                                   return permits.Check({}, key);
                                 },
                                 .reload =
                                     [this](const std::vector<std::string>& command) {
                                       EXPECT_EQ(command, config.reload);
                                       ++reloads;
                                       return reload_result;
                                     },
                                 .user = user,
                                 .reports = told,
                                 .clock = clock});
  }

  [[nodiscard]] std::unique_ptr<Catalog> Catalogue() const { return Catalog::Open(directory / "keys.db").value(); }
  [[nodiscard]] std::string Read(const std::string& path) const { return ReadFile(path, 1 << 20).value_or(""); }
  [[nodiscard]] PublicKey Certified() const {
    const auto chain = ParseCertificates(Read(config.chain_file));
    return PublicKeyOf(chain->front().get()).value();
  }
  // Until the certificate's renewal is due at the latest.
  void PassRenewalTime() { clock.Advance(minutes(40)); }

  const testing::TempDir directory;
  testing::SoftHsm hsm;
  testing::ManualClock clock{kStart};
  KeyPermits made;
  ForeignCaKeys foreign_ca_keys{directory / "keys.db", {}, clock};
  std::shared_ptr<KeyStore> store;  // of the last agent
  FakeCa ca{clock};
  CertificateConfig config;
  CertificateUser* user = nullptr;
  std::string own_socket = "/var/lib/rootkeep-agent/keys";
  int reloads = 0;
  Status reload_result = Ok();
  ToldOfCertificate told;
  std::stop_source stop;
  Status permitted = Ok();  // beyond what the catalogue says
};

}  // namespace rootkeep::agent
