// The benchmark of ways to a key: every way really signs with its key, and what it counts as left behind is what was
// left. And so the test that rootkeep.so leaves nothing, with as many signatures and loads as a test has time for.
#include <fcntl.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include "tests/bench/provider/endure.h"
#include "tests/bench/provider/handover/process.h"
#include "tests/bench/provider/measure.h"
#include "tests/support/matchers.h"

namespace rootkeep::bench {
namespace {

using ::rootkeep::testing::IsOk;
using ::rootkeep::testing::ProviderHost;

#ifdef ROOTKEEP_SANITIZED  // it finds leaks itself, and loading keys is slow with it
constexpr std::size_t kSignatures = 1'000;
constexpr std::ptrdiff_t kLoads = 40;
constexpr std::ptrdiff_t kCaches = 120'000;
#else
constexpr std::size_t kSignatures = 20'000;
constexpr std::ptrdiff_t kLoads = 2'000;
constexpr std::ptrdiff_t kCaches = 24 * kLoads;  // less than one allocation for each
#endif

constexpr Turns kShort{.duration = Seconds(0.05), .rounds = 1};

class ProviderBench : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    host_ = new ProviderHost(KeyNames());
    host_->hsm().UnloadModule();
    // Before the engine, which never ends the module that it uses; and before the agent, because SoftHSM may show no
    // token to one process while another initialises the module.
    auto token = RawToken::Of(host_->hsm(), host_->Info("p256"));
    ASSERT_THAT(token, IsOk());
    token_ = *std::move(token);
    for (const std::string& key : KeyNames()) {
      auto signer = StartHandoverSigner(*host_, key);
      ASSERT_THAT(signer, IsOk());
      handover_.push_back(*std::move(signer));
    }
    host_->StartAgent();
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(host_->StopAgent(), 0);
    handover_.clear();
    token_.reset();
    delete host_;
  }

  static Ways Open(const std::string& key) {
    Ways ways;
    for (const std::string& name : WayNames()) {
      auto way = OpenWay(name, *host_, key);
      EXPECT_THAT(way, IsOk()) << name;
      if (way.ok()) ways.push_back(*std::move(way));
    }
    return ways;
  }

  inline static ProviderHost* host_ = nullptr;
  inline static std::unique_ptr<RawToken> token_;
  inline static std::vector<cli::Child> handover_;
};

TEST_F(ProviderBench, EveryWayIsThereAndSignsWithItsKey) {
  EXPECT_THAT(WayNames(), ::testing::ElementsAre("file", "beside", "rootkeep", "handover", "engine"));
  for (const std::string key : {"p256", "rsa"}) {
    for (const OpenedWay& way : Open(key)) {
      const std::string signature = testing::SignMessage(way.library(), way.key.get(), "SHA256", "message");
      EXPECT_TRUE(testing::VerifyMessage(way.key.get(), "SHA256", "message", signature)) << way.name << " " << key;
      const Bytes& on_token = host_->Info(key).public_key.spki();
      unsigned char* spki = nullptr;
      const int size = i2d_PUBKEY(way.key.get(), &spki);
      EXPECT_EQ(Bytes(spki, spki + size) == on_token, way.name != "file" && way.name != "beside")
          << way.name << " " << key;
      OPENSSL_free(spki);
    }
  }
}

TEST_F(ProviderBench, MeasuresEveryWay) {
  const Ways ways = Open("p256");
  const auto sign = MeasureSign(*token_, ways, {1, 3}, kShort);
  ASSERT_THAT(sign, IsOk());
  EXPECT_GT((*sign)["raw"][0], 0.0);
  const auto added = MeasureAdded(*token_, ways, kShort.duration);
  ASSERT_THAT(added, IsOk());
  const auto load = MeasureLoad(ways, kShort.duration);
  ASSERT_THAT(load, IsOk());
  for (const std::string& name : WayNames()) {
    ASSERT_EQ((*sign)[name].size(), 2U) << *sign;
    EXPECT_EQ((*sign)[name][1]["threads"], 3);
    EXPECT_GT((*sign)[name][1]["rate"], 0.0);
    EXPECT_GT((*sign)[name][1]["p99_ms"], 0.0);
    EXPECT_GT((*added)[name]["us"], 0.0);
    EXPECT_GT((*load)[name], 0.0);
  }
}

TEST_F(ProviderBench, HandshakesWithEveryWay) {
  for (const std::string key : {"p256", "rsa"}) {
    const Ways ways = Open(key);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      const auto found = MeasureHandshakes(ways, version, 2, kShort);
      ASSERT_THAT(found, IsOk());
      EXPECT_EQ((*found)["file"]["ratio"], 1.0);
      EXPECT_EQ((*found)["handover"]["per_handover"], 1.0);
      EXPECT_DOUBLE_EQ((*found)["rootkeep"]["per_handover"],
                       (*found)["rootkeep"]["rate"].get<double>() / (*found)["handover"]["rate"].get<double>());
      for (const std::string& name : WayNames()) EXPECT_GT((*found)[name]["rate"], 0.0) << name;
    }
  }
}

// A way to a key that forgets a descriptor and some memory of one load in ten is found out.
TEST_F(ProviderBench, WhatIsLeftBehindIsCounted) {
  auto way = OpenWay("file", *host_, "p256");
  ASSERT_THAT(way, IsOk());
  std::vector<int> descriptors;
  std::vector<ossl::PKey> keys;
  way->load = [&, load = way->load, loads = 0]() mutable {
    if (++loads % 10 == 0) {
      descriptors.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
      keys.push_back(load());
    }
    return load();
  };
  const auto left = Endure(*way, 1, 200);
  for (const int descriptor : descriptors) close(descriptor);
  ASSERT_THAT(left, IsOk());
  EXPECT_EQ(left->descriptors, 20);
  EXPECT_GT(left->octets, 20 * 200);
}

TEST_F(ProviderBench, SignaturesLeaveNothingBehind) {
  for (const auto& [key, signatures] : {std::pair{"p256", kSignatures}, std::pair{"rsa", kSignatures / 10}}) {
    const auto way = OpenWay("rootkeep", *host_, key);
    ASSERT_THAT(way, IsOk());
    const auto left = Endure(*way, signatures, 0);
    ASSERT_THAT(left, IsOk());
    EXPECT_EQ(left->descriptors, 0);
    EXPECT_EQ(left->threads, 0);
    // A buffer of OpenSSL's may have grown meanwhile; the least that every signature could leave is 16 octets.
    EXPECT_LT(left->octets, static_cast<std::ptrdiff_t>(signatures)) << key;
  }
}

TEST_F(ProviderBench, LoadsLeaveNothingBehind) {
  for (const char* key : {"p256", "rsa"}) {
    const auto way = OpenWay("rootkeep", *host_, key);
    ASSERT_THAT(way, IsOk());
    const auto left = Endure(*way, 0, kLoads);
    ASSERT_THAT(left, IsOk());
    EXPECT_EQ(left->descriptors, 0);
    EXPECT_EQ(left->threads, 0);
    // OpenSSL's caches of algorithms fill and are emptied meanwhile, with keys of files as well.
    EXPECT_LT(left->octets, kCaches) << key;
  }
}

}  // namespace
}  // namespace rootkeep::bench
