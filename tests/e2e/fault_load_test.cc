// rootkeepd under 64 clients on a token that fails and lies in every way it can: what leaves the daemon is right,
// nobody waits too long, and nothing is left behind.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/e2e/certificate_witness.h"
#include "tests/support/chaos.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/fault_list.h"
#include "tests/support/footprint.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"
#include "tests/support/open_sessions.h"

namespace rootkeep {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using testing::CertificateWitness;
using testing::Chaos;
using testing::DaemonFixture;
using testing::Eventually;
using testing::Footprint;
using testing::IsOk;

constexpr int kClients = 64;
// tests/unit/keystore/pkcs11/fault_load_test.cc has ten thousand, without what the daemon costs for each.
constexpr std::size_t kFaultsWanted = 1'000;
constexpr seconds kLongest{45};
constexpr milliseconds kFaultLasts{200};
// The daemon answers within its request deadline. The margin is for 64 client threads in the same process to be
// scheduled.
constexpr seconds kDeadline{2};
constexpr seconds kMargin{3};
constexpr milliseconds kRecovery{1000};
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
    for (int i = 0; i < kClients; ++i) {
      const std::string account = fmt::format("client-{}", i);
      clients_.push_back({fmt::format("spiffe://{}/ns/default/sa/{}", DaemonFixture::kTrustDomain, account),
                          fixture_.Client(fixture_.Token({.service_account = account}))});
    }
  }

  // Asks once and judges the answer. False when there was no certificate.
  bool Ask(const Client& client) {
    const std::string csr = testing::MakeCsrPem();
    const auto begin = steady_clock::now();
    const auto answer = client.rpc->CreateCertificate(csr, 0, "");
    const auto waited = steady_clock::now() - begin;
    EXPECT_LT(waited, kDeadline + kMargin);
    if (answer.ok()) {
      EXPECT_THAT(witness_.See(*answer, csr, client.uri), IsOk());
      return true;
    }
    const Code code = answer.error().code();
    EXPECT_TRUE(code == Code::kUnavailable || code == Code::kResourceExhausted) << answer.error().ToString();
    ++refused_;
    return false;
  }

  // All clients ask, one request after the other, while `work` runs.
  template <typename Work>
  void UnderLoad(Work work) {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    threads.reserve(clients_.size());
    for (const Client& client : clients_) {
      threads.emplace_back([this, &client, &stop] {
        while (!stop) {
          // A refused client comes back, but not at once.
          if (!Ask(client)) std::this_thread::sleep_for(milliseconds(5));
        }
      });
    }
    work();
    stop = true;
  }

  // So much good work that every lazily made thread, connection and session is there.
  void Calm() {
    UnderLoad([this] {
      const std::size_t before = witness_.seen();
      EXPECT_TRUE(Eventually([&] { return witness_.seen() >= before + 20 * kClients; }));
    });
  }

  // One fault for a while, then how long the first good certificate takes after its end.
  void Suffer(const char* fault) {
    SCOPED_TRACE(fault);
    chaos_.Set(fault);
    std::this_thread::sleep_for(kFaultLasts);
    chaos_.Clear();
    const auto cleared = steady_clock::now();
    const std::size_t before = witness_.seen();
    EXPECT_TRUE(Eventually([&] { return witness_.seen() > before; }));
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - cleared);
    EXPECT_LT(took, kRecovery);
    slowest_ = std::max(slowest_, took);
  }

  void SufferAll() {
    for (const char* fault : testing::kPassingFaults) Suffer(fault);
    for (const char* lie : testing::kLies) Suffer(lie);
  }

  Chaos chaos_;
  DaemonFixture fixture_;
  CertificateWitness witness_{fixture_.root_pem()};
  std::vector<Client> clients_;
  std::atomic<std::size_t> refused_{0};
  milliseconds slowest_{0};
};

TEST_F(FaultLoad, LetsNothingWrongOutAndLeavesNothingBehind) {
  // Once through all of it, so that every lazily made thread, connection, session and arena is there.
  UnderLoad([this] { SufferAll(); });
  Calm();
  const Footprint before = Footprint::Now();
  const std::size_t seen = witness_.seen();
  const std::size_t warm_up = chaos_.CountFaults();

  UnderLoad([this, warm_up] {
    const auto end = steady_clock::now() + kLongest;
    do {
      SufferAll();
    } while (chaos_.CountFaults() - warm_up < kFaultsWanted && steady_clock::now() < end);
  });
  const std::size_t faults = chaos_.CountFaults() - warm_up;
  EXPECT_GE(faults, kFaultsWanted);
  for (const char* kind : {"fail", "lose-sessions", "token-away", "signature", "other-key", "hang", "swap-key"}) {
    EXPECT_GT(chaos_.Faults(kind).size(), 0U) << kind << " was never injected";
  }

  Calm();
  EXPECT_LE(testing::OpenSessions(chaos_), pkcs11::StoreOptions().max_sessions + kLoginSession);
  Footprint after;
  EXPECT_TRUE(Eventually([&] {
    after = Footprint::Now();
    return after.threads <= before.threads + kGrpcThreads && after.descriptors <= before.descriptors;
  })) << after.threads
      << " threads and " << after.descriptors << " descriptors, before there were " << before.threads << " and "
      << before.descriptors;
  EXPECT_LT(after.resident_kib, before.resident_kib + kMemoryKib + (witness_.seen() - seen) * kRecordKib);
  std::printf("%zu faults, %zu certificates, %zu refusals, worst recovery %lld ms, memory %zu -> %zu KiB\n", faults,
              witness_.seen() - seen, refused_.load(), static_cast<long long>(slowest_.count()), before.resident_kib,
              after.resident_kib);
}

}  // namespace
}  // namespace rootkeep
