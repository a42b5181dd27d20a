#include "tests/e2e/shared_daemon.h"

#include "keystore/base/file.h"
#include "signer/authority/authority_files.h"
#include "signer/authority/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"

namespace rootkeep::testing {
namespace {

constexpr std::size_t kMaxBundle = 1024 * 1024;

}  // namespace

std::unique_ptr<DaemonFixture> SharedDaemon::fixture_;
std::unique_ptr<Identity> SharedDaemon::client_ca_;
std::string SharedDaemon::roots_;

std::string SharedDaemon::RootsOf(const config::Config& config) {
  return fixture_->root_pem() + ReadFile(config.authorities.front().bundle_file, kMaxBundle).value_or("");
}

void SharedDaemon::SetUpTestSuite() {
  StartWith([](config::Config&) {});
}

void SharedDaemon::StartWith(const Change& change) {
  fixture_ = std::make_unique<DaemonFixture>();
  client_ca_ = std::make_unique<Identity>(MakeCa("client CA"));
  config::Authority& authority = fixture_->config().authorities.front();
  authority.extra_anchors_file = WriteFile("client-ca.pem", client_ca_->CertificatePem());
  authority.client_anchors_file = authority.extra_anchors_file;
  change(fixture_->config());
  ASSERT_THAT(fixture_->Start(), IsOk());
  roots_ = RootsOf(fixture_->config());
}

void SharedDaemon::TearDownTestSuite() {
  fixture_.reset();
  client_ca_.reset();
}

void SharedDaemon::TearDown() {
  if (!reloaded_) return;
  fixture_->daemon().Reload(fixture_->config());
  // And so the next test finds a listener that this one's root has nothing to do with.
  roots_ = RootsOf(fixture_->config());
  EXPECT_TRUE(Eventually([] { return Ask().ok(); }));
}

Identity SharedDaemon::Workload(const std::string& san) { return MakeIdentity({.san = san}, client_ca_.get()); }

void SharedDaemon::Reload(const Change& change) {
  config::Config changed = fixture_->config();
  change(changed);
  reloaded_ = true;
  // The listener's own certificate follows the authority sooner or later: a client must know both roots.
  roots_ = RootsOf(changed);
  fixture_->daemon().Reload(changed);
}

std::string SharedDaemon::WriteFile(const std::string& name, const std::string& content) {
  const std::string path = fixture_->directory() / name;
  EXPECT_THAT(WriteFileAtomically(path, content, 0600), IsOk());
  return path;
}

IstioAnswer SharedDaemon::Ask(IstioCall call) {
  if (call.headers.empty() && call.certificate == nullptr) call.Bearer(fixture_->Token());
  return AskAs(call);
}

IstioAnswer SharedDaemon::AskAs(const IstioCall& call) { return Send(fixture_->address(), roots_, call); }

ossl::Cert SharedDaemon::IssuingCertificate() {
  const auto files = ReadAuthorityFiles(fixture_->config().state_directory, "mesh", 1);
  return std::move(ParseCertificates(files->chain_pem)->front());
}

std::string SharedDaemon::IssuingKeyUri() {
  return ReadAuthorityFiles(fixture_->config().state_directory, "mesh", 1)->key_uri;
}

}  // namespace rootkeep::testing
