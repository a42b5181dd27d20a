#include "tests/support/daemon_fixture.h"

#include <cstdlib>
#include <thread>

#include "signer/authority/authority_files.h"
#include "signer/authority/ca_certificate.h"
#include "signer/certificate/certificate.h"
#include "tests/support/issuing_authority.h"

namespace rootkeep::testing {
namespace {

constexpr std::chrono::seconds kPatience{30};

void Require(const Status& status) {
  if (status.ok()) return;
  fprintf(stderr, "DaemonFixture: %s\n", status.error().ToString().c_str());
  std::abort();
}

template <typename T>
T Require(Result<T> result) {
  if (!result.ok()) Require(Status(result.error()));
  return std::move(*result);
}

std::shared_ptr<const Signer> MakeCaKey(KeyStore& store, KeyType type, const std::string& name) {
  const KeySpec spec{.type = type, .use = KeyUse::kRootkeepCa, .name = name};
  const KeyInfo key = Require(store.Create(spec, After(kPatience)));
  return Require(store.Open(key.uri, After(kPatience)));
}

}  // namespace

DaemonFixture::DaemonFixture(KeyType key_type, std::string module_path, unsigned path_length)
    : hsm_(std::move(module_path)) {
  config_.state_directory = directory_ / "state";
  Require(store::StateDir::Prepare(config_.state_directory));
  MakeAuthority(key_type, path_length);
  Require(WriteFileAtomically(directory_ / "jwks.json", JwksOf({minter_.Jwk()}), 0600));
  const auto module = hsm_.module_config();
  config_.listeners = {{.address = "127.0.0.1:0",
                        .server_names = {GeneralNameFromText("istiod.istio-system.svc"),
                                         GeneralNameFromText("localhost"), GeneralNameFromText("127.0.0.1")}}};
  config_.operations = {{.address = "127.0.0.1:0"}};
  config_.health = {{.address = "127.0.0.1:0"}};
  config_.modules = {
      {.name = "softhsm", .path = module.path, .environment = {module.environment.begin(), module.environment.end()}}};
  config_.tokens = {
      {.name = "ca", .module = "softhsm", .label = SoftHsm::kLabel, .serial = {}, .pin_source = hsm_.pin_source()}};
  config_.trust_domains = {kTrustDomain};
  config_.authorities = {{.name = "mesh", .trust_domain = kTrustDomain, .token = "ca"}};
  config_.token_issuers = {{.name = "kubernetes",
                            .issuer = kIssuer,
                            .audiences = {"istio-ca"},
                            .cluster_aliases = {},
                            .trust_domain = kTrustDomain,
                            .namespaces = {"*"},
                            .jwks = {.file = directory_ / "jwks.json"}}};
}

DaemonFixture::~DaemonFixture() = default;

void DaemonFixture::MakeAuthority(KeyType key_type, unsigned path_length) {
  const WallTime now = SystemClock().Now();
  {
    const auto store = hsm_.OpenStore();
    const auto root = MakeCaKey(*store, key_type, "root");
    const auto issuing = MakeCaKey(*store, key_type, "mesh");
    const Bytes root_der = Require(
        SelfSignRoot(*root, {kTrustDomain, "test root"}, {RootCaProfile(RootCaLifetime())}, now, After(kPatience)));
    const CaSubject subject{kTrustDomain, "test issuing CA"};
    const Csr csr = Require(ParseCsr(Require(MakeCsr(*issuing, subject, After(kPatience)))));
    const Bytes issuing_der = Require(IssueCaCertificate(
        {root_der, *root}, csr, subject, {IssuingCaProfile(IssuingCaLifetime(), path_length)}, now, After(kPatience)));
    root_pem_ = CertificatePem(root_der);
    root_key_uri_ = root->info().uri.Redacted();
    Require(WriteAuthorityFiles(config_.state_directory, "mesh", 1,
                                {CertificatePem(issuing_der), root_pem_, issuing->info().uri.Redacted()}));
  }
  hsm_.UnloadModule();
}

Status DaemonFixture::Start() {
  RK_TRY(daemon_, Daemon::Start(config_));
  return Ok();
}

std::string DaemonFixture::Token(TokenSpec spec) const {
  spec.issuer = spec.issuer == TokenSpec().issuer ? kIssuer : spec.issuer;
  if (spec.issued_at == 0) spec.issued_at = ToUnixSeconds(SystemClock().Now());
  return minter_.Mint(spec);
}

std::unique_ptr<IstioClient> DaemonFixture::Client(const std::string& token) const {
  IstioClientOptions options;
  options.channel.address = address();
  options.channel.root_pem = root_pem_;
  options.bearer_token = SecretBytes(token);
  options.retry.attempts = 1;
  return Require(IstioClient::Make(std::move(options)));
}

std::chrono::milliseconds DaemonFixture::WaitUntilServing() {
  const auto begin = std::chrono::steady_clock::now();
  const auto client = Client(Token());
  while (true) {
    const auto answer = client->CreateCertificate(MakeCsrPem(), 0, "");
    if (answer.ok()) break;
    if (std::chrono::steady_clock::now() - begin > kPatience) Require(Status(answer.error()));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace rootkeep::testing
