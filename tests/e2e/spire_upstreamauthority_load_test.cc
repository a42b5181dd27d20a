// A thousand CAs at once: many servers that start together, and more than one plugin carries.
#include <fmt/format.h>

#include <latch>
#include <map>

#include "tests/e2e/spire_upstreamauthority_fixture.h"

namespace rootkeep::testing {
namespace {

constexpr std::size_t kBurst = 1000;
constexpr std::size_t kServers = 5;

// One call that is cancelled once it is answered, as SPIRE does with the stream of the CA before.
class MintOnce final : public grpc::ClientReadReactor<upstream::MintX509CAResponse> {
 public:
  void Start(UpstreamPlugin& plugin, std::string csr, std::latch& all) {
    all_ = &all;
    request_.set_csr(std::move(csr));
    const auto stub = upstream::UpstreamAuthority::NewStub(plugin.host.channel());
    stub->async()->MintX509CAAndSubscribe(&context_, &request_, this);
    StartRead(&response_);
    StartCall();
  }
  void OnReadDone(bool ok) override {
    if (!ok) return;
    answered_ = response_.x509_ca_chain_size() > 0;
    context_.TryCancel();
  }
  void OnDone(const grpc::Status& status) override {
    status_ = status;
    all_->count_down();
  }

  // "answered", or the code of the refusal.
  [[nodiscard]] std::string outcome() const {
    return answered_ ? "answered" : std::string(CodeName(static_cast<Code>(status_.error_code())));
  }

 private:
  PluginCall context_;
  upstream::MintX509CARequest request_;
  upstream::MintX509CAResponse response_;
  grpc::Status status_;
  std::latch* all_ = nullptr;
  bool answered_ = false;
};

class SpireUpstreamBurst : public SpireUpstream {
 protected:
  // All at once, by turns through these servers' plugins; how many ended in which way.
  std::map<std::string, std::size_t> MintAtOnce(const std::vector<UpstreamPlugin*>& servers) {
    const ossl::PKey key = MakeKey("P-256");
    std::vector<std::string> requests(kBurst);
    for (std::string& request : requests) request = Request(key.get());
    std::vector<MintOnce> calls(kBurst);
    std::latch all{static_cast<std::ptrdiff_t>(kBurst)};
    const auto begun = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kBurst; ++i) {
      calls[i].Start(*servers[i % servers.size()], std::move(requests[i]), all);
    }
    all.wait();
    const auto took = std::chrono::steady_clock::now() - begun;
    std::map<std::string, std::size_t> outcomes;
    for (const MintOnce& call : calls) ++outcomes[call.outcome()];
    for (const auto& [outcome, count] : outcomes) RecordProperty(outcome, static_cast<int>(count));
    RecordProperty("milliseconds",
                   static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count()));
    return outcomes;
  }
};

TEST_F(SpireUpstreamBurst, ServersThatStartTogetherAllGetTheirs) {
  std::vector<std::unique_ptr<UpstreamPlugin>> plugins;
  std::vector<UpstreamPlugin*> servers;
  for (std::size_t i = 0; i < kServers; ++i) {
    plugins.push_back(std::make_unique<UpstreamPlugin>(ROOTKEEP_SPIRE_UPSTREAMAUTHORITY));
    ASSERT_NO_FATAL_FAILURE(Configure(*plugins.back()));
    servers.push_back(plugins.back().get());
  }
  EXPECT_EQ(MintAtOnce(servers)["answered"], kBurst);
}

TEST_F(SpireUpstreamBurst, OnePluginRefusesWhatItCannotCarryAndLosesNone) {
  const auto outcomes = MintAtOnce({&plugin});
  std::size_t ended = 0;
  for (const auto& [outcome, count] : outcomes) {
    EXPECT_TRUE(outcome == "answered" || outcome == "RESOURCE_EXHAUSTED" || outcome == "UNAVAILABLE") << outcome;
    ended += count;
  }
  EXPECT_EQ(ended, kBurst);
  EXPECT_GE(outcomes.count("answered"), 1U);
  const ossl::PKey key = MakeKey("P-256");
  EXPECT_TRUE(plugin.OpenMint(Request(key.get())).Next()) << "and the next one is served";
}

}  // namespace
}  // namespace rootkeep::testing
