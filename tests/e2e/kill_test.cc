// A killed rootkeepd keeps its word: whatever certificate a client holds is in the ledger, and no serial comes twice.
#include <signal.h>

#include <atomic>
#include <map>
#include <set>
#include <thread>

#include "signer/authority/certificates.h"
#include "signer/client/istio_client.h"
#include "signer/ledger/certificate_tail.h"
#include "signer/ledger/open_ledger.h"
#include "tests/support/eventually.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/sandbox/sandbox.h"

namespace rootkeep {
namespace {

using testing::IsOk;

constexpr int kRounds = 100;
constexpr int kClients = 4;
constexpr std::chrono::seconds kPatience{20};

// Certificates that clients hold, as DER.
using Held = std::vector<Bytes>;

// Asks until the server is gone; counts what it gets in `issued` too.
void AskUntilKilled(const IstioClientOptions& options, Held& held, std::atomic<unsigned>& issued) {
  IstioClientOptions mine{.channel = {.address = options.channel.address,
                                      .root_pem = options.channel.root_pem,
                                      .server_name = options.channel.server_name},
                          .bearer_token = SecretBytes(AsText(options.bearer_token.RevealForUse())),
                          .deadline = std::chrono::seconds(5),
                          .retry = {.attempts = 1}};
  const auto client = IstioClient::Make(std::move(mine));
  ASSERT_THAT(client, IsOk());
  while (true) {
    const auto answer = (*client)->CreateCertificate(testing::MakeCsrPem(), 0, "");
    if (!answer.ok()) return;
    const auto leaf = ParseCertificates(answer->cert_chain.front());
    ASSERT_THAT(leaf, IsOk());
    held.push_back(CertificateDer(leaf->front().get()));
    ++issued;
  }
}

// The ledger as a reader sees it now, by serial.
std::map<std::string, std::vector<LedgerEntry>> ReadLedger(const std::string& state) {
  std::map<std::string, std::vector<LedgerEntry>> out;
  const auto reader = OpenLedgerReadOnly(state + "/rootkeep.db");
  EXPECT_THAT(reader, IsOk());
  if (!reader.ok()) return out;
  LedgerFilter filter{.limit = kLedgerPage};
  while (true) {
    auto page = (*reader)->List(filter);
    EXPECT_THAT(page, IsOk());
    if (!page.ok() || page->empty()) return out;
    filter.before = page->back().id;
    for (LedgerEntry& entry : *page) out[entry.intent.serial].push_back(std::move(entry));
  }
}

std::string SerialOf(const Bytes& der) {
  const auto certificate = ParseCertificateDer(der);
  if (!certificate.ok()) return "";
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate->get());
  return ToHex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

TEST(Kill, EveryCertificateAClientHoldsIsInTheLedger) {
  const testing::TempDir directory;
  const auto say = [](const std::string&) {};
  ASSERT_OK_AND_ASSIGN(auto sandbox, cli::Sandbox::Make({.directory = directory.path(),
                                                         .module_path = testing::SoftHsm::ModulePath(),
                                                         .daemon_binary = ROOTKEEPD_BINARY},
                                                        say));
  Held all;
  int rounds_with_certificates = 0;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_THAT(sandbox->Start(say), IsOk()) << "round " << round;
    ASSERT_OK_AND_ASSIGN(auto token, sandbox->MintToken());
    ASSERT_OK_AND_ASSIGN(const auto options, sandbox->ClientOptions(std::move(token)));
    std::vector<Held> held(kClients);
    {
      std::atomic<unsigned> issued{0};
      std::vector<std::jthread> clients;
      for (Held& mine : held) clients.emplace_back([&] { AskUntilKilled(options, mine, issued); });
      // Killed under load, at another moment of it in every round.
      EXPECT_TRUE(testing::Eventually([&] { return issued > 0; }, kPatience));
      std::this_thread::sleep_for(std::chrono::milliseconds(round % 50));
      const pid_t daemon = sandbox->daemon().child().pid();
      ASSERT_GT(daemon, 1) << "kill(2) takes -1 for everybody";
      ASSERT_EQ(kill(daemon, SIGKILL), 0);
    }
    ASSERT_EQ(sandbox->daemon().Stop(kPatience), 128 + SIGKILL);
    const std::size_t before = all.size();
    for (Held& mine : held) all.insert(all.end(), mine.begin(), mine.end());
    rounds_with_certificates += all.size() > before ? 1 : 0;
  }
  const auto ledger = ReadLedger(sandbox->files().state());
  std::size_t possibly = 0;
  std::set<std::pair<std::string, std::string>> taken;
  for (const auto& [serial, entries] : ledger) {
    for (const LedgerEntry& entry : entries) {
      EXPECT_TRUE(taken.emplace(entry.intent.issuer, serial).second) << "serial " << serial << " came twice";
      possibly += entry.status == EntryStatus::kPossiblyIssued ? 1 : 0;
    }
  }
  std::set<std::string> serials;
  for (const Bytes& certificate : all) {
    const std::string serial = SerialOf(certificate);
    EXPECT_TRUE(serials.insert(serial).second) << "two clients hold serial " << serial;
    const auto found = ledger.find(serial);
    ASSERT_NE(found, ledger.end()) << "serial " << serial << " is not in the ledger";
    const LedgerEntry& entry = found->second.front();
    EXPECT_NE(entry.status, EntryStatus::kFailed) << serial;
    EXPECT_THAT(CertificateTail(certificate, entry.intent.tbs), IsOk()) << "the record is of another certificate";
    if (entry.status == EntryStatus::kIssued) {
      EXPECT_EQ(entry.certificate, certificate);
    }
  }
  // Or nothing was tested.
  EXPECT_GT(rounds_with_certificates, kRounds / 2);
  EXPECT_GT(possibly, 0U) << "no kill hit an issuance under way";
  RecordProperty("certificates", static_cast<int>(all.size()));
  RecordProperty("possibly_issued", static_cast<int>(possibly));
}

}  // namespace
}  // namespace rootkeep
