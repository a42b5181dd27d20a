// A root is replaced while SPIRE's stream, istio's clients and operators are there: every door says the same.
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <mutex>
#include <thread>

#include "keystore/base/file.h"
#include "signer/authority/authority_files.h"
#include "signer/authority/ca_certificate.h"
#include "signer/authority/certificates.h"
#include "signer/bundle/trust_bundles.h"
#include "signer/certificate/certificate.h"
#include "signer/client/ca_client.h"
#include "signer/client/root_client.h"
#include "tests/e2e/istio_call.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/software_signer.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::chrono::seconds kPatience{30};

// What a stream has brought last.
class BundleSeen {
 public:
  explicit BundleSeen(const std::string& socket)
      : client_(CaClient::Make({.socket = socket}).value()), thread_([this](const std::stop_token& stop) {
          (void)client_->WatchTrustBundle({}, [this](const v1::TrustBundle& bundle) { return Keep(bundle); }, stop);
        }) {}

  [[nodiscard]] v1::TrustBundle Newest() {
    const std::lock_guard lock(mutex_);
    return newest_;
  }
  // The first with at least this sequence number.
  v1::TrustBundle Wait(std::uint64_t sequence) {
    EXPECT_TRUE(Eventually([&] { return Newest().sequence() >= sequence; }));
    return Newest();
  }

 private:
  Status Keep(const v1::TrustBundle& bundle) {
    const std::lock_guard lock(mutex_);
    newest_ = bundle;
    return Ok();
  }

  std::mutex mutex_;
  v1::TrustBundle newest_;
  const std::unique_ptr<CaClient> client_;
  const std::jthread thread_;
};

std::string PemOf(const v1::TrustBundle& bundle) {
  std::string pem;
  for (const v1::X509Root& root : bundle.roots()) pem += CertificatePem(AsBytes(root.certificate()));
  return pem;
}

std::vector<bool> TaintsOf(const v1::TrustBundle& bundle) {
  std::vector<bool> taints;
  for (const v1::X509Root& root : bundle.roots()) taints.push_back(root.tainted());
  return taints;
}

class RootRotation : public ::testing::Test {
 protected:
  void SetUp() override {
    MakeNextAuthority();
    const auto caller = [this](const std::string& name, std::vector<Role> roles) {
      return config::ApiCaller{
          .caller = {.name = name,
                     .trust_domain = "cluster.local",
                     .watch_bundle = true,
                     .publish_jwt_keys = true,
                     .roles = std::move(roles)},
          .socket = config::CallerSocket{.path = Socket(name), .users = {std::to_string(geteuid())}}};
    };
    fixture_.config().api_callers = {caller("spire", {}), caller("viewer", {Role::kViewer}),
                                     caller("officer", {Role::kSecurityOfficer})};
    Start();
  }

  // A root and an issuing CA below it in the same token, which the configuration does not name yet.
  void MakeNextAuthority() {
    const WallTime now = SystemClock().Now();
    const Deadline soon = After(kPatience);
    {
      const auto store = fixture_.hsm().OpenStore();
      const auto make = [&](const std::string& name) {
        return store->Open(store->Create({.use = KeyUse::kRootkeepCa, .name = name}, soon).value().uri, soon).value();
      };
      const auto root = make("next-root");
      const auto issuing = make("next");
      next_root_ =
          SelfSignRoot(*root, {"cluster.local", "next root"}, {RootCaProfile(RootCaLifetime())}, now, soon).value();
      const CaSubject subject{"cluster.local", "next issuing CA"};
      const Csr csr = ParseCsr(MakeCsr(*issuing, subject, soon).value()).value();
      const Bytes certificate =
          IssueCaCertificate({next_root_, *root}, csr, subject, {IssuingCaProfile(IssuingCaLifetime(), 0)}, now, soon)
              .value();
      next_issuing_ = CertificatePem(certificate);
      ASSERT_THAT(WriteAuthorityFiles(fixture_.config().state_directory, "next", 1,
                                      {next_issuing_, CertificatePem(next_root_), issuing->info().uri.Redacted()}),
                  IsOk());
    }
    fixture_.hsm().UnloadModule();
  }
  void Start() {
    ASSERT_THAT(fixture_.Start(), IsOk());
    ASSERT_TRUE(Eventually([this] { return Ask().ok(); }));
  }
  void LoadNextAuthority() {
    fixture_.config().authorities.push_back({.name = "next", .trust_domain = "cluster.local", .token = "ca"});
    fixture_.daemon().Reload(fixture_.config());
  }

  [[nodiscard]] std::string Socket(const std::string& caller) const {
    return fixture_.directory() / (caller + ".sock");
  }
  [[nodiscard]] std::unique_ptr<RootClient> As(const std::string& caller) const {
    return RootClient::Make({.socket = Socket(caller)}).value();
  }
  IstioAnswer Ask() { return Send(fixture_.address(), both_roots(), IstioCall().Bearer(fixture_.Token())); }
  [[nodiscard]] std::string both_roots() const { return fixture_.root_pem() + CertificatePem(next_root_); }

  static v1::AddRootRequest Add(const Bytes& certificate) {
    v1::AddRootRequest request;
    request.set_certificate(std::string(AsText(certificate)));
    request.set_reason("rotation");
    return request;
  }
  template <typename Request>
  static Request Name(const std::string& root) {
    Request request;
    request.set_root(root);
    return request;
  }
  static std::string Fingerprint(const Bytes& certificate) { return ToHex(Digest(Hash::kSha256, certificate).value()); }
  std::string OldRoot() {
    return Fingerprint(CertificateDer(ParseCertificates(fixture_.root_pem()).value().front().get()));
  }

  DaemonFixture fixture_;
  Bytes next_root_;
  std::string next_issuing_;
};

TEST_F(RootRotation, EveryDoorSaysTheSameAtEachStep) {
  const std::string old_pem = fixture_.root_pem();
  const std::string next_pem = CertificatePem(next_root_);
  const auto officer = As("officer");
  std::uint64_t sequence = 0;
  {
    BundleSeen spire(Socket("spire"));
    EXPECT_EQ(PemOf(spire.Wait(1)), old_pem);
    EXPECT_EQ(Ask().chain.back(), old_pem);

    ASSERT_OK_AND_ASSIGN(v1::RootList list, officer->Add(Add(next_root_), After(kPatience)));
    EXPECT_EQ(PemOf(spire.Wait(list.sequence())), both_roots());
    IstioAnswer answer = Ask();
    EXPECT_EQ(answer.chain.back(), both_roots());
    EXPECT_NE(answer.chain[1], next_issuing_);

    EXPECT_THAT(officer->Activate(Name<v1::ActivateRootRequest>(Fingerprint(next_root_)), After(kPatience)),
                HasCode(Code::kFailedPrecondition))
        << "nobody signs below it yet";
    LoadNextAuthority();
    EXPECT_NE(Ask().chain[1], next_issuing_);
    EXPECT_THAT(officer->Taint(Name<v1::TaintRootRequest>(OldRoot()), After(kPatience)),
                HasCode(Code::kFailedPrecondition))
        << "what replaced it would be below it again";
    ASSERT_OK_AND_ASSIGN(list,
                         officer->Activate(Name<v1::ActivateRootRequest>(Fingerprint(next_root_)), After(kPatience)));
    answer = Ask();
    EXPECT_EQ(answer.chain[1], next_issuing_);
    EXPECT_EQ(answer.chain.back(), both_roots());

    ASSERT_OK_AND_ASSIGN(list, officer->Taint(Name<v1::TaintRootRequest>(OldRoot()), After(kPatience)));
    sequence = list.sequence();
    EXPECT_THAT(TaintsOf(spire.Wait(sequence)), ElementsAre(true, false));
    EXPECT_EQ(Ask().chain.back(), both_roots());
  }

  fixture_.Stop();
  Start();
  BundleSeen spire(Socket("spire"));
  EXPECT_EQ(spire.Wait(1).sequence(), sequence) << "a restart changes nothing";
  EXPECT_THAT(TaintsOf(spire.Newest()), ElementsAre(true, false));
  EXPECT_EQ(Ask().chain[1], next_issuing_);

  auto remove = Name<v1::RemoveRootRequest>(OldRoot());
  const auto refused = officer->Remove(remove, After(kPatience));
  EXPECT_THAT(refused, HasCode(Code::kFailedPrecondition));
  remove.set_force(true);
  remove.set_reason("all clients have renewed");
  ASSERT_OK_AND_ASSIGN(const v1::RootList list, officer->Remove(remove, After(kPatience)));
  EXPECT_GT(list.sequence(), sequence);
  EXPECT_EQ(PemOf(spire.Wait(list.sequence())), next_pem);
  EXPECT_EQ(Ask().chain.back(), next_pem);

  // The listener's own certificate is below the new root by then: whoever has dropped the old one gets in.
  EXPECT_TRUE(
      Eventually([&] { return Send(fixture_.address(), next_pem, IstioCall().Bearer(fixture_.Token())).ok(); }));
}

TEST_F(RootRotation, ARoleIsNeededAndRefusalsAreOnRecord) {
  EXPECT_THAT(As("viewer")->List({}, After(kPatience)), IsOk());
  EXPECT_THAT(As("officer")->List({}, After(kPatience)), IsOk());
  EXPECT_THAT(As("spire")->List({}, After(kPatience)), HasCode(Code::kPermissionDenied));
  for (const char* caller : {"viewer", "spire"}) {
    EXPECT_THAT(As(caller)->Add(Add(next_root_), After(kPatience)), HasCode(Code::kPermissionDenied)) << caller;
  }
  auto remove = Name<v1::RemoveRootRequest>(OldRoot());
  remove.set_force(true);
  remove.set_reason("mischief");
  EXPECT_THAT(As("viewer")->Remove(remove, After(kPatience)), HasCode(Code::kPermissionDenied));
  v1::ListRootsRequest other;
  other.set_trust_domain("other.test");
  EXPECT_THAT(As("viewer")->List(other, After(kPatience)), HasCode(Code::kPermissionDenied));
  EXPECT_EQ(Ask().chain.back(), fixture_.root_pem());

  fixture_.Stop();
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto bundles,
                       TrustBundles::Open(fixture_.config().state_directory + "/rootkeep.db", clock));
  ASSERT_OK_AND_ASSIGN(const auto history, bundles->History("cluster.local", 5));
  ASSERT_EQ(history.size(), 5U);
  EXPECT_EQ(history[1].act, "root removed");
  EXPECT_EQ(history[1].subject, OldRoot());
  EXPECT_EQ(history[1].refusal, "role");
  EXPECT_EQ(history[1].detail, "caller viewer does not have the role security-officer");
  EXPECT_THAT(history[1].by, HasSubstr("viewer"));
}

TEST_F(RootRotation, AJwtKeyIsTakenAwayBeforeItExpires) {
  const auto server = CaClient::Make({.socket = Socket("spire")}).value();
  v1::PublishJwtKeyRequest publish;
  publish.mutable_key()->set_key_id("stolen");
  publish.mutable_key()->set_public_key(std::string(AsText(SoftwareSigner("P-256").public_key().spki())));
  publish.mutable_key()->set_expires_at(ToUnixSeconds(SystemClock().Now()) + 3600);
  ASSERT_THAT(server->PublishJwtKey(publish, After(kPatience)), IsOk());
  BundleSeen spire(Socket("spire"));
  EXPECT_TRUE(Eventually([&] { return spire.Newest().jwt_keys_size() == 1; }));

  const auto rootkeep = [&](const std::string& caller, std::vector<std::string> words) {
    words.insert(words.begin(), {ROOTKEEP_BINARY, "jwt-key"});
    words.insert(words.end(), {"--socket", Socket(caller)});
    return RunProgram(words);
  };
  EXPECT_THAT(rootkeep("viewer", {"list"}).out, HasSubstr("stolen"));
  EXPECT_EQ(rootkeep("officer", {"remove", "stolen"}).exit_code, 2) << "without a reason";
  EXPECT_THAT(rootkeep("viewer", {"remove", "stolen", "--reason", "mischief"}).err,
              HasSubstr("does not have the role security-officer"));
  EXPECT_THAT(rootkeep("officer", {"remove", "other", "--reason", "a slip"}).err, HasSubstr("has the id other"));
  EXPECT_EQ(spire.Newest().jwt_keys_size(), 1);
  EXPECT_EQ(rootkeep("officer", {"remove", "stolen", "--reason", "broken into"}).exit_code, 0);
  EXPECT_TRUE(Eventually([&] { return spire.Newest().jwt_keys_size() == 0; }));

  const auto again = server->PublishJwtKey(publish, After(kPatience));
  EXPECT_THAT(again, HasCode(Code::kFailedPrecondition));
  EXPECT_THAT(again.error().message(), HasSubstr("removed by an operator"));
  const auto list = nlohmann::json::parse(rootkeep("officer", {"list", "--json"}).out, nullptr, false);
  ASSERT_EQ(list["keys"].size(), 1U);
  EXPECT_EQ(list["keys"][0]["state"], "removed");

  fixture_.Stop();
  Start();
  EXPECT_EQ(BundleSeen(Socket("spire")).Wait(1).jwt_keys_size(), 0) << "nor does it come back with a restart";
  fixture_.Stop();
  const SystemClock clock;
  ASSERT_OK_AND_ASSIGN(const auto bundles,
                       TrustBundles::Open(fixture_.config().state_directory + "/rootkeep.db", clock));
  ASSERT_OK_AND_ASSIGN(const auto history, bundles->History("cluster.local", 5));
  std::vector<std::string> refusals;
  for (const BundleEvent& event : history) refusals.push_back(event.act + "/" + event.refusal);
  EXPECT_THAT(refusals, ElementsAre("jwt key published/jwt_key_removed", "jwt key removed/",
                                    "jwt key removed/jwt_key_unknown", "jwt key removed/role", "jwt key published/"));
  EXPECT_EQ(history[1].subject, "stolen");
  EXPECT_EQ(history[1].detail, "broken into");
  EXPECT_THAT(history[1].by, HasSubstr("officer"));
}

TEST_F(RootRotation, TheCommandLineDoesIt) {
  const auto rootkeep = [&](const std::string& command, std::vector<std::string> words) {
    words.insert(words.begin(), {ROOTKEEP_BINARY, "root", command, "--socket", Socket("officer")});
    return RunProgram(words);
  };
  const std::string file = fixture_.directory() / "next.pem";
  ASSERT_THAT(WriteFileAtomically(file, CertificatePem(next_root_), 0600), IsOk());
  const std::string next = Fingerprint(next_root_);
  EXPECT_EQ(rootkeep("add", {file, "--reason", "rotation"}).exit_code, 0);
  EXPECT_THAT(rootkeep("add", {file}).err, HasSubstr("already"));
  LoadNextAuthority();
  EXPECT_EQ(rootkeep("activate", {next}).exit_code, 0);
  EXPECT_EQ(rootkeep("taint", {OldRoot()}).exit_code, 0);
  const ProgramResult refused = rootkeep("remove", {OldRoot()});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_THAT(refused.err, HasSubstr("root " + OldRoot() + " has unexpired certificates, the last until 20"));
  EXPECT_EQ(rootkeep("remove", {OldRoot(), "--force"}).exit_code, 2) << "without a reason";
  EXPECT_EQ(rootkeep("remove", {OldRoot(), "--force", "--reason", "a test"}).exit_code, 0);

  EXPECT_THAT(rootkeep("list", {}).out, HasSubstr("active"));
  const auto list = nlohmann::json::parse(rootkeep("list", {"--json"}).out, nullptr, false);
  ASSERT_EQ(list["roots"].size(), 2U);
  EXPECT_EQ(list["roots"][0]["state"], "removed");
  EXPECT_EQ(list["roots"][1]["fingerprint"], next);
  EXPECT_EQ(list["roots"][1]["active"], true);
}

}  // namespace
}  // namespace rootkeep::testing
