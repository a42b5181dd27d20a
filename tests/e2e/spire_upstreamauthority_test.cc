// What spire-server gets from a rootkeepd: certificates for its CA that everybody verifies, refusals, keys, and all of
// it again after the daemon was away.
#include <openssl/x509v3.h>
#include <signal.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "keystore/base/file.h"
#include "signer/authority/certificates.h"
#include "tests/e2e/spire_upstreamauthority_fixture.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::int64_t kDay = 86'400;

ossl::Cert Certificate(const std::string& der) {
  const auto* data = reinterpret_cast<const unsigned char*>(der.data());
  return ossl::Cert(d2i_X509(nullptr, &data, static_cast<long>(der.size())));
}

std::int64_t SecondsUntil(const ASN1_TIME* time) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, time);
  return days * kDay + seconds;
}

bool Verifies(X509* certificate, const upstream::MintX509CAResponse& minted, unsigned long flags) {
  const ossl::Store store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), Certificate(minted.upstream_x509_roots(0).asn1()).get());
  X509_STORE_set_flags(store.get(), flags);
  STACK_OF(X509)* untrusted = sk_X509_new_null();
  for (const auto& each : minted.x509_ca_chain()) sk_X509_push(untrusted, Certificate(each.asn1()).release());
  const ossl::StoreCtx context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificate, untrusted);
  const bool verified = X509_verify_cert(context.get()) == 1;
  EXPECT_TRUE(verified) << X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
  sk_X509_pop_free(untrusted, X509_free);
  return verified;
}

// The CA itself by OpenSSL's strict rules, and what it signs with `key`.
bool Verifies(const upstream::MintX509CAResponse& minted, ossl::PKey key) {
  const Identity ca{std::move(key), Certificate(minted.x509_ca_chain(0).asn1())};
  const Identity leaf = MakeIdentity({.san = "URI:spiffe://cluster.local/workload"}, &ca);
  return Verifies(ca.cert.get(), minted, X509_V_FLAG_X509_STRICT) && Verifies(leaf.cert.get(), minted, 0);
}

TEST_F(SpireUpstream, MintsACaForEveryKeyOfSpires) {
  for (const char* kind : {"P-256", "P-384", "RSA:2048", "RSA:4096"}) {
    ossl::PKey key = MakeKey(kind);
    auto stream = plugin.OpenMint(Request(key.get()), 3600);
    const auto minted = stream.Next();
    ASSERT_TRUE(minted) << kind << stream.reader->Finish().error_message();
    const ossl::Cert ca = Certificate(minted->x509_ca_chain(0).asn1());
    ASSERT_NE(ca, nullptr);
    EXPECT_EQ(X509_check_ca(ca.get()), 1);
    EXPECT_EQ(X509_get_pathlen(ca.get()), 0);
    EXPECT_EQ(X509_get_key_usage(ca.get()), std::uint32_t{KU_KEY_CERT_SIGN | KU_CRL_SIGN});
    EXPECT_LT(X509_get_ext_by_NID(ca.get(), NID_ext_key_usage, -1), 0);
    EXPECT_NE(X509_get0_subject_key_id(ca.get()), nullptr);
    EXPECT_NE(X509_get0_authority_key_id(ca.get()), nullptr);
    EXPECT_NEAR(static_cast<double>(SecondsUntil(X509_get0_notAfter(ca.get()))), 3600, 60);
    EXPECT_LE(SecondsUntil(X509_get0_notBefore(ca.get())), -9);
    EXPECT_EQ(X509_NAME_entry_count(X509_get_subject_name(ca.get())), 2);
    EXPECT_TRUE(Verifies(*minted, std::move(key))) << kind;
  }
}

TEST_F(SpireUpstream, ItsChainIsWithoutTheRoot) {
  const ossl::PKey key = MakeKey("P-256");
  const auto minted = plugin.OpenMint(Request(key.get())).Next();
  ASSERT_TRUE(minted);
  ASSERT_EQ(minted->x509_ca_chain_size(), 2);
  ASSERT_EQ(minted->upstream_x509_roots_size(), 1);
  EXPECT_NE(minted->x509_ca_chain(1).asn1(), minted->upstream_x509_roots(0).asn1());
  const ossl::Cert issuing = Certificate(minted->x509_ca_chain(1).asn1());
  EXPECT_EQ(X509_get_pathlen(issuing.get()), 1);
}

TEST_F(SpireUpstream, LivesAsLongAsAskedWithinPolicy) {
  const ossl::PKey key = MakeKey("P-256");
  const auto lifetime = [&](std::int32_t asked) {
    const auto minted = plugin.OpenMint(Request(key.get()), asked).Next();
    return minted ? SecondsUntil(X509_get0_notAfter(Certificate(minted->x509_ca_chain(0).asn1()).get())) : -1;
  };
  EXPECT_NEAR(static_cast<double>(lifetime(0)), static_cast<double>(kDay), 60);
  EXPECT_NEAR(static_cast<double>(lifetime(60)), 60, 20);
  EXPECT_NEAR(static_cast<double>(lifetime(30 * kDay)), static_cast<double>(7 * kDay), 60);
  EXPECT_EQ(lifetime(59), -1);
  EXPECT_EQ(lifetime(-1), -1);
}

TEST_F(SpireUpstream, RefusesOtherNamesThanItsTrustDomains) {
  const ossl::PKey key = MakeKey("P-256");
  const Bytes own = AltName(6, "spiffe://cluster.local");
  const std::vector<std::vector<Bytes>> wrong = {{AltName(6, "spiffe://other.example")},
                                                 {AltName(6, "spiffe://cluster.local/x")},
                                                 {AltName(6, "spiffe://CLUSTER.LOCAL")},
                                                 {AltName(2, "cluster.local")},
                                                 {own, own},
                                                 {own, AltName(2, "cluster.local")}};
  for (const auto& names : wrong) {
    const grpc::Status status = plugin.OpenMint(Request(key.get(), names)).End();
    EXPECT_TRUE(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT ||
                status.error_code() == grpc::StatusCode::PERMISSION_DENIED)
        << status.error_message();
  }
}

TEST_F(SpireUpstream, RefusesWhatIsNoRequestOfAGoodKey) {
  const ossl::PKey key = MakeKey("P-256");
  const std::string good = Request(key.get());
  std::string forged = good;
  forged.back() = static_cast<char>(forged.back() ^ 1);
  const ossl::PKey small = MakeKey("RSA:1024");
  const ossl::PKey odd = MakeKey("ED25519");
  for (const std::string& csr : {good.substr(0, good.size() - 1), good + "x", forged, std::string("garbage"),
                                 Request(small.get()), Request(odd.get())}) {
    const grpc::Status status = plugin.OpenMint(csr).End();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
  }
}

TEST_F(SpireUpstream, KeepsJwtKeysForEveryServerAndThroughARestart) {
  const Bytes first = MakeSpki("P-256");
  const Bytes second = MakeSpki("RSA:2048");
  const auto text = [](const Bytes& key) { return std::string(AsText(key)); };
  auto stream = plugin.OpenPublish("a", text(first));
  EXPECT_THAT(KeysOf(stream.Next()), ElementsAre("a=" + text(first)));
  UpstreamPlugin other(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY);
  ASSERT_NO_FATAL_FAILURE(Configure(other));
  EXPECT_THAT(KeysOf(other.OpenPublish("b", text(second)).Next()), SizeIs(2));
  EXPECT_THAT(KeysOf(stream.Next()), SizeIs(2));
  EXPECT_EQ(plugin.OpenPublish("a", text(second)).End().error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(plugin.OpenPublish("c", "garbage").End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  ASSERT_NO_FATAL_FAILURE(Restart());
  UpstreamPlugin later(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY);
  ASSERT_NO_FATAL_FAILURE(Configure(later));
  EXPECT_THAT(KeysOf(later.OpenLocalBundle().Next()), SizeIs(2));
}

TEST_F(SpireUpstream, GoesOnWhenTheDaemonIsBack) {
  const ossl::PKey key = MakeKey("P-256");
  auto local = plugin.OpenLocalBundle();
  ASSERT_TRUE(local.Next());
  auto mint = plugin.OpenMint(Request(key.get()));
  ASSERT_TRUE(mint.Next());
  ASSERT_NO_FATAL_FAILURE(Restart());
  EXPECT_TRUE(plugin.OpenMint(Request(key.get())).Next());
  // The old streams are still what changes come on.
  EXPECT_TRUE(plugin.OpenPublish("a", std::string(AsText(MakeSpki("P-256")))).Next());
  EXPECT_THAT(KeysOf(local.Next()), SizeIs(1));
  EXPECT_EQ(mint.Cancel().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(SpireUpstream, ServesServersTogether) {
  constexpr int kServers = 4;
  constexpr int kEach = 8;
  std::vector<std::unique_ptr<UpstreamPlugin>> servers;
  for (int i = 0; i < kServers; ++i) {
    servers.push_back(std::make_unique<UpstreamPlugin>(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY));
    ASSERT_NO_FATAL_FAILURE(Configure(*servers.back()));
  }
  std::atomic<int> minted = 0;
  {
    std::vector<std::jthread> callers;
    for (const auto& server : servers) {
      callers.emplace_back([&] {
        const ossl::PKey key = MakeKey("P-256");
        for (int i = 0; i < kEach; ++i) minted += server->OpenMint(Request(key.get())).Next().has_value() ? 1 : 0;
      });
    }
  }
  EXPECT_EQ(minted, kServers * kEach);
}

TEST_F(SpireUpstream, SaysThatAnothersTrustDomainIsNotItsOwn) {
  UpstreamPlugin other(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY);
  ASSERT_TRUE(other.host.Configure("socket = \"" + files().spire_socket() + "\"", "other.example").ok());
  const ossl::PKey key = MakeKey("P-256");
  const grpc::Status status = other.OpenMint(Request(key.get(), {AltName(6, "spiffe://other.example")})).End();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
}

TEST_F(SpireUpstream, MintsOverTlsForAToken) {
  const std::string identity = "    spiffe_id: spiffe://cluster.local/ns/spire/sa/server\n";
  DaemonProcess::Configure(Config() + "  - name: remote\n" + identity + "    foreign_ca:\n      path_length: 0\n" +
                           "    watch_bundle: true\n");
  ASSERT_NO_FATAL_FAILURE(Restart());
  const auto settings = [this](const std::string& account) {
    EXPECT_THAT(WriteFileAtomically(File(account), Token("spire", account), 0600), IsOk());
    return "address = \"" + daemon().address() + "\" server_name = \"istiod.istio-system.svc\" anchors_file = \"" +
           files().root_certificate() + "\" token_file = \"" + File(account) + "\"";
  };
  UpstreamPlugin remote(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY);
  ASSERT_TRUE(remote.host.Configure(settings("server"), cli::kSandboxTrustDomain).ok());
  const ossl::PKey key = MakeKey("P-256");
  auto stream = remote.OpenMint(Request(key.get()));
  EXPECT_TRUE(stream.Next()) << stream.reader->Finish().error_message();
  EXPECT_TRUE(remote.OpenLocalBundle().Next());
  // Another account of the same issuer is nobody here.
  ASSERT_TRUE(remote.host.Configure(settings("other"), cli::kSandboxTrustDomain).ok());
  const grpc::Status refused = remote.OpenMint(Request(key.get())).End();
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED) << refused.error_message();
  EXPECT_THAT(remote.host.Log(), ::testing::Not(HasSubstr(ReadFile(File("server"), 65'536).value())));
}

// The daemon's lines about this event.
std::vector<nlohmann::json> Lines(const std::string& log, const std::string& event) {
  std::vector<nlohmann::json> found;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    auto parsed = nlohmann::json::parse(line);
    if (parsed["event"] == event) found.push_back(std::move(parsed));
  }
  return found;
}

TEST_F(SpireUpstream, RecordsEveryMint) {
  const ossl::PKey key = MakeKey("P-256");
  const auto minted = plugin.OpenMint(Request(key.get()), 3600).Next();
  ASSERT_TRUE(minted);
  EXPECT_FALSE(plugin.OpenMint(Request(key.get(), {AltName(6, "spiffe://other.example")})).Next());
  const std::string log = ReadFile(files().log(), std::size_t{1} << 24).value();
  EXPECT_THAT(log, HasSubstr("spiffe://other.example"));
  const auto issued = Lines(log, "foreign_ca_issued");
  ASSERT_THAT(issued, SizeIs(1));
  const ossl::Cert ca = Certificate(minted->x509_ca_chain(0).asn1());
  const ASN1_INTEGER* serial = X509_get0_serialNumber(ca.get());
  const ByteView number(ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial)));
  EXPECT_EQ(issued[0]["caller"], "spire");
  EXPECT_EQ(issued[0]["serial"], ToHex(number));
  EXPECT_EQ(issued[0]["subject_key_id"], ToHex(SubjectKeyIdOf(ca.get())));
  tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(ca.get()), &end);
  EXPECT_EQ(issued[0]["not_after"], ToRfc3339(std::chrono::system_clock::from_time_t(timegm(&end))));
  EXPECT_THAT(Lines(log, "foreign_ca_short"), IsEmpty());
}

TEST_F(SpireUpstream, WarnsOfACaThatIsReplacedAllTheTime) {
  const ossl::PKey key = MakeKey("P-256");
  ASSERT_TRUE(plugin.OpenMint(Request(key.get()), 300).Next());
  const auto warnings = Lines(ReadFile(files().log(), std::size_t{1} << 24).value(), "foreign_ca_short");
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_EQ(warnings[0]["caller"], "spire");
}

}  // namespace
}  // namespace rootkeep::testing
