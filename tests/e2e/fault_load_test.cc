// rootkeepd under 64 clients on a token that fails and lies in every way it can: what leaves the daemon is right,
// nobody waits too long, and nothing is left behind.
#include "tests/support/fault_load.h"

#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/certificate_witness.h"
#include "tests/support/chaos.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/footprint.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::CertificateWitness;
using testing::Chaos;
using testing::DaemonFixture;
using testing::Eventually;
using testing::Footprint;
using testing::IsOk;

constexpr unsigned kClients = 64;
// tests/unit/keystore/pkcs11/fault_load_test.cc has ten thousand, without what the daemon costs for each.
constexpr std::size_t kFaultsWanted = 1'000;
constexpr seconds kLongest{45};
// The daemon answers within it.
constexpr seconds kDeadline{2};
constexpr std::size_t kMemoryKib = 8 * 1024;
// What the ledger keeps in memory of each, until its page cache and its window of recent ones are full.
constexpr std::size_t kRecordKib = 4;
constexpr std::size_t kLoginSession = 1;
// gRPC, with 64 clients and the daemon in one process, starts another thread for its timers now and then.
constexpr std::size_t kGrpcThreads = 4;

class FaultLoad : public ::testing::Test {
 protected:
  // What one client does until the end of the test.
  struct Client {
    std::string uri;
    std::unique_ptr<IstioClient> rpc;
  };

  void SetUp() override {
    config::Module& module = fixture_.config().modules.front();
    const auto chaos = chaos_.Environment(module.path);
    module.environment.insert(module.environment.end(), chaos.begin(), chaos.end());
    module.path = Chaos::ModulePath();
    fixture_.config().limits.request_deadline = kDeadline;
    // Or what is kept for repeated requests would hide what leaks.
    fixture_.config().limits.retry_window = seconds(1);
    ASSERT_THAT(fixture_.Start(), IsOk());
    fixture_.WaitUntilServing();
    for (unsigned i = 0; i < kClients; ++i) {
      const std::string account = fmt::format("client-{}", i);
      clients_.push_back({fmt::format("spiffe://{}/ns/default/sa/{}", DaemonFixture::kTrustDomain, account),
                          fixture_.Client(fixture_.Token({.service_account = account}))});
    }
  }

  // Asks once and looks at the certificate.
  Status Ask(const Client& client) {
    const std::string csr = testing::MakeCsrPem();
    RK_TRY(const auto answer, client.rpc->CreateCertificate(csr, 0, ""));
    EXPECT_THAT(witness_.See(answer, csr, client.uri), IsOk());
    load_.Good();
    return Ok();
  }

  // Once through all of it.
  void SufferAll() {
    load_.SufferAll(testing::kPassingFaults);
    load_.SufferAll(testing::kLies);
  }

  // So much good work that every lazily made thread, connection and session is there.
  void Calm() {
    load_.Under([this] { load_.AwaitGood(20UL * kClients); });
  }

  Chaos chaos_;
  DaemonFixture fixture_;
  CertificateWitness witness_{fixture_.root_pem()};
  std::vector<Client> clients_;
  testing::FaultLoad load_{chaos_,
                           {.callers = kClients,
                            .deadline = kDeadline,
                            .margin = seconds(3),
                            .recovery = seconds(1),
                            .faults = 20,
                            .answers = 4UL * kClients,
                            .sessions = pkcs11::StoreOptions().max_sessions + kLoginSession},
                           [this](unsigned caller, unsigned /*number*/) { return Ask(clients_[caller]); }};
};

TEST_F(FaultLoad, LetsNothingWrongOutAndLeavesNothingBehind) {
  // So that every lazily made thread, connection, session and arena is there.
  SufferAll();
  Calm();
  const Footprint before = Footprint::Now();
  const std::size_t seen = witness_.seen();
  const std::size_t warm_up = load_.faults();

  const auto end = steady_clock::now() + kLongest;
  do {
    SufferAll();
  } while (load_.faults() - warm_up < kFaultsWanted && steady_clock::now() < end);
  const std::size_t faults = load_.faults() - warm_up;
  EXPECT_GE(faults, kFaultsWanted);
  for (const char* kind : {"fail", "lose-sessions", "token-away", "signature", "other-key", "hang", "swap-key"}) {
    EXPECT_GT(chaos_.Faults(kind).size(), 0U) << kind << " was never injected";
  }

  Calm();
  Footprint after;
  EXPECT_TRUE(Eventually([&] {
    after = Footprint::Now();
    return after.threads <= before.threads + kGrpcThreads && after.descriptors <= before.descriptors;
  })) << after.threads
      << " threads and " << after.descriptors << " descriptors, before there were " << before.threads << " and "
      << before.descriptors;
  EXPECT_LT(after.resident_kib, before.resident_kib + kMemoryKib + (witness_.seen() - seen) * kRecordKib);
  std::printf("%zu faults, %zu certificates, %zu refusals, worst recovery %lld ms, memory %zu -> %zu KiB\n", faults,
              witness_.seen() - seen, load_.refused(), static_cast<long long>(load_.slowest_recovery().count()),
              before.resident_kib, after.resident_kib);
}

}  // namespace
}  // namespace rootkeep
