#include "signer/authn/jwks.h"

#include <sys/stat.h>

#include <atomic>
#include <string>

#include "keystore/base/file.h"
#include "signer/authn/jwk_set.h"
#include "signer/authn/jwks_file.h"
#include "tests/support/eventually.h"
#include "tests/support/jwt_minter.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::jose {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::IsOk;
using rootkeep::testing::JwksOf;
using rootkeep::testing::JwtMinter;
using rootkeep::testing::Says;
using rootkeep::testing::TempDir;
using std::chrono::hours;
using std::chrono::milliseconds;

constexpr JwksRefresh kFast{milliseconds(2), milliseconds(2), milliseconds(2), milliseconds(2)};
constexpr JwksRefresh kNever{hours(24), hours(24), hours(24), hours(24)};

// Answers with what the test last put into it.
struct Script {
  Mutex mutex;
  Result<std::optional<std::string>> answer RK_GUARDED_BY(mutex) = Unavailable("not yet");
  std::atomic<int> loads{0};

  void Set(Result<std::optional<std::string>> next) {
    const MutexLock lock(mutex);
    answer = std::move(next);
  }
};

class ScriptedLoader final : public JwksLoader {
 public:
  explicit ScriptedLoader(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  Result<std::optional<std::string>> Load(bool /*again*/, const std::stop_token& /*stop*/) override {
    const MutexLock lock(script_->mutex);
    auto answer = script_->answer;
    ++script_->loads;
    return answer;
  }
  [[nodiscard]] bool is_local() const override { return false; }

 private:
  std::shared_ptr<Script> script_;
};

class Jwks : public ::testing::Test {
 protected:
  void Start(JwksRefresh refresh) {
    source_ = JwksSource::Start("test", std::make_unique<ScriptedLoader>(script_), refresh);
  }
  // Waits until one more load than now has ended and been taken in.
  void AwaitLoads(int more) {
    const int want = script_->loads + more + 1;
    ASSERT_TRUE(Eventually([&] { return script_->loads >= want; }));
  }

  std::shared_ptr<Script> script_ = std::make_shared<Script>();
  std::string one_ = JwksOf({JwtMinter("ES256", "one").Jwk()});
  std::string two_ = JwksOf({JwtMinter("ES256", "one").Jwk(), JwtMinter("ES256", "two").Jwk()});
  std::unique_ptr<JwksSource> source_;
};

TEST_F(Jwks, StartsWithoutKeysAndServesWhenTheyArrive) {
  Start(kFast);
  AwaitLoads(1);
  EXPECT_EQ(source_->Current().keys, nullptr);
  EXPECT_EQ(source_->generation(), 0U);
  EXPECT_EQ(source_->status().error, "not yet");
  script_->Set(std::optional(one_));
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 1; }));
  EXPECT_EQ(source_->Current().keys->keys().size(), 1U);
  EXPECT_EQ(source_->Current().generation, 1U);
  ASSERT_TRUE(Eventually([&] { return source_->status().error.empty(); }));
}

TEST_F(Jwks, KeepsItsKeysWhenARefreshFails) {
  script_->Set(std::optional(one_));
  Start(kFast);
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 1; }));
  for (const auto& bad : {Result<std::optional<std::string>>(Unavailable("gone")),
                          Result<std::optional<std::string>>(std::optional<std::string>("garbage")),
                          Result<std::optional<std::string>>(std::optional<std::string>(R"({"keys":[{"d":"x"}]})"))}) {
    script_->Set(bad);
    AwaitLoads(1);
    EXPECT_EQ(source_->generation(), 1U);
    EXPECT_EQ(source_->Current().keys->keys().size(), 1U);
    EXPECT_NE(source_->status().error, "");
  }
}

TEST_F(Jwks, TheSameTextIsNoChange) {
  script_->Set(std::optional(one_));
  Start(kFast);
  AwaitLoads(3);
  EXPECT_EQ(source_->generation(), 1U);
  script_->Set(std::optional(two_));
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 2; }));
  EXPECT_EQ(source_->status().keys, 2U);
}

TEST_F(Jwks, LoadsOnDemandButNotMoreOftenThanAllowed) {
  script_->Set(std::optional(one_));
  Start({hours(24), milliseconds(50), hours(24), hours(24)});
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 1; }));
  script_->Set(std::optional(two_));
  const auto asked = std::chrono::steady_clock::now();
  // A flood of tokens with unknown keys.
  ASSERT_TRUE(Eventually([&] {
    for (int i = 0; i < 100; ++i) source_->RequestRefresh();
    return source_->generation() == 2 && std::chrono::steady_clock::now() - asked > milliseconds(300);
  }));
  const auto elapsed = std::chrono::steady_clock::now() - asked;
  EXPECT_LE(script_->loads, 2 + elapsed / milliseconds(50));
  EXPECT_GE(script_->loads, 2);
}

TEST_F(Jwks, WithoutDemandItWaitsForItsInterval) {
  script_->Set(std::optional(one_));
  Start(kNever);
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 1; }));
  source_->RequestRefresh();  // too soon after the first load
  source_.reset();            // and the destructor does not wait for the interval
  EXPECT_EQ(script_->loads, 1);
}

class JwksInFile : public Jwks {
 protected:
  void Write(const std::string& text, unsigned mode = 0644) {
    ASSERT_THAT(WriteFileAtomically(path_, text, mode), IsOk());
  }
  void StartFile() { source_ = JwksSource::Start("test", std::make_unique<JwksFile>(path_), kFast); }

  TempDir dir_;
  std::string path_ = dir_ / "jwks.json";
};

TEST_F(JwksInFile, HasItsKeysAtOnce) {
  Write(one_);
  source_ = JwksSource::Start("test", std::make_unique<JwksFile>(path_), kNever);
  EXPECT_EQ(source_->generation(), 1U);
}

TEST_F(JwksInFile, FollowsTheFile) {
  StartFile();
  EXPECT_EQ(source_->generation(), 0U);
  Write(one_);
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 1; }));
  Write("half a file");
  ASSERT_TRUE(Eventually([&] { return !source_->status().error.empty(); }));
  EXPECT_EQ(source_->status().keys, 1U);
  Write(two_);
  ASSERT_TRUE(Eventually([&] { return source_->generation() == 2; }));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  ASSERT_TRUE(Eventually([&] { return source_->status().error.find("ENOENT") != std::string::npos; }));
  EXPECT_EQ(source_->status().keys, 2U);
}

TEST_F(JwksInFile, ReadsOnlyWhatChanged) {
  Write(one_);
  JwksFile file(path_);
  ASSERT_OK_AND_ASSIGN(const auto first, file.Load(false, {}));
  EXPECT_EQ(first, one_);
  ASSERT_OK_AND_ASSIGN(const auto second, file.Load(false, {}));
  EXPECT_EQ(second, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto again, file.Load(true, {}));
  EXPECT_EQ(again, one_);
  Write(two_);
  ASSERT_OK_AND_ASSIGN(const auto changed, file.Load(false, {}));
  EXPECT_EQ(changed, two_);
}

TEST_F(JwksInFile, RefusesFilesThatAnybodyMayWrite) {
  Write(one_, 0646);
  EXPECT_THAT(JwksFile(path_).Load(false, {}), Says("written by anybody"));
  EXPECT_THAT(JwksFile(dir_.path()).Load(false, {}), Says("not a regular file"));
  Write(std::string(kMaxJwkSet + 1, ' '));
  EXPECT_THAT(JwksFile(path_).Load(false, {}), Says("larger than"));
}

}  // namespace
}  // namespace rootkeep::jose
