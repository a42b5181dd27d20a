// rootkeep.so and the agent's side of its socket in one process, with many threads at both: above all for the thread
// sanitizer, under which there is no agent to start.
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

#include <atomic>
#include <thread>

#include "keystore/base/file.h"
#include "keystore/base/openssl.h"
#include "keystore/keysocket/server/server.h"
#include "providers/openssl/reference.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/keystore/keysocket/held_keys.h"

namespace rootkeep::provider {
namespace {

using testing::IsOk;

constexpr int kThreads = 64;
constexpr int kTurns = 8;

using LibraryContext = ossl::Owned<OSSL_LIB_CTX, OSSL_LIB_CTX_free>;

class ProviderThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Serve());
    const std::string config =
        "openssl_conf = all\n[all]\nproviders = providers\n[providers]\ndefault = "
        "default_section\nrootkeep = rootkeep_section\n[default_section]\nactivate = "
        "1\n[rootkeep_section]\nactivate = 1\nmodule = " ROOTKEEP_PROVIDER "\nsocket = " +
        socket_ + "\n";
    ASSERT_THAT(WriteFileAtomically(directory_ / "openssl.cnf", config, 0600), IsOk());
    ASSERT_EQ(OSSL_LIB_CTX_load_config(context_.get(), (directory_ / "openssl.cnf").c_str()), 1) << Errors();
    ASSERT_EQ(OSSL_PROVIDER_available(context_.get(), "rootkeep"), 1);
  }
  void TearDown() override {
    key_.reset();
    context_.reset();
    server_.reset();
  }

  // An agent, in the place of the one before.
  void Serve() {
    if (server_ != nullptr) server_->Drain(std::chrono::seconds(30));
    server_.reset();
    keysocket::SocketOptions socket{.name = "app", .path = socket_, .owner = {}, .group = {}, .grants = {}};
    socket.grants = {{.users = {}, .groups = {}, .keys = {{.token = {}, .use = KeyUse::kApp, .name = "*"}}}};
    auto started = keysocket::Server::Start({socket}, {{.name = "one", .store = store_}});
    ASSERT_THAT(started, IsOk());
    server_ = *std::move(started);
  }

  [[nodiscard]] ossl::PKey Load(const std::string& name) const {
    const std::string uri = "keysocket:object=rk%2Fapp%2F" + name + "%2F1";
    std::array<std::uint8_t, kMaxReference> der{};
    const std::size_t size = WriteReference({.uri = uri, .socket = socket_, .fingerprint = {}}, der);
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    PEM_write_bio(bio.get(), kReferenceLabel, "", der.data(), static_cast<long>(size));
    char* text = nullptr;
    const long length = BIO_get_mem_data(bio.get(), &text);
    const ossl::Bio file(BIO_new_mem_buf(text, static_cast<int>(length)));
    return ossl::PKey(PEM_read_bio_PrivateKey_ex(file.get(), nullptr, nullptr, nullptr, context_.get(), nullptr));
  }

  static std::string Errors() {
    std::string text;
    ERR_print_errors_cb(
        [](const char* line, std::size_t size, void* out) {
          static_cast<std::string*>(out)->append(line, size);
          return 1;
        },
        &text);
    return text;
  }

  // Signs with the key, and verifies by its public half.
  [[nodiscard]] bool Works(EVP_PKEY* key) const {
    const ossl::MdCtx md(EVP_MD_CTX_new());
    const ossl::MdCtx copy(EVP_MD_CTX_new());
    std::array<unsigned char, 512> signature{};
    std::size_t size = signature.size();
    return EVP_DigestSignInit_ex(md.get(), nullptr, "SHA256", context_.get(), nullptr, key, nullptr) == 1 &&
           EVP_DigestSignUpdate(md.get(), "message", 7) == 1 && EVP_MD_CTX_copy_ex(copy.get(), md.get()) == 1 &&
           EVP_DigestSignFinal(copy.get(), signature.data(), &size) == 1 &&
           EVP_DigestVerifyInit_ex(md.get(), nullptr, "SHA256", context_.get(), nullptr, key, nullptr) == 1 &&
           EVP_DigestVerifyUpdate(md.get(), "message", 7) == 1 &&
           EVP_DigestVerifyFinal(md.get(), signature.data(), size) == 1;
  }

  // Does that on all threads at once; how often it went well.
  template <typename Turn>
  int OnAllThreads(Turn turn) {
    std::atomic<int> good = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0; n < kTurns; ++n) good += turn(i + n) ? 1 : 0;
        OPENSSL_thread_stop_ex(context_.get());
      });
    }
    threads.clear();
    return good;
  }

  const testing::TempDir directory_;
  const std::string socket_ = directory_ / "keys";
  const std::shared_ptr<testing::HeldKeys> store_ = std::make_shared<testing::HeldKeys>("one");
  const std::shared_ptr<const testing::HeldKey> web_ = store_->Add("rk/app/web/1");
  const std::shared_ptr<const testing::HeldKey> rsa_ = store_->Add("rk/app/rsa/1", "RSA:2048");
  std::unique_ptr<keysocket::Server> server_;
  LibraryContext context_{OSSL_LIB_CTX_new()};
  ossl::PKey key_;
};

TEST_F(ProviderThreads, ShareAKey) {
  key_ = Load("web");
  ASSERT_NE(key_, nullptr) << Errors();
  EXPECT_EQ(OnAllThreads([this](int) { return Works(key_.get()); }), kThreads * kTurns);
}

TEST_F(ProviderThreads, LoadDuplicateAndLetGoOfKeys) {
  key_ = Load("web");
  ASSERT_NE(key_, nullptr) << Errors();
  const int good = OnAllThreads([this](int turn) {
    const ossl::PKey own = Load(turn % 2 == 0 ? "web" : "rsa");
    const ossl::PKey twin(EVP_PKEY_dup(key_.get()));
    EVP_PKEY_up_ref(key_.get());
    const ossl::PKey shared(key_.get());
    return own != nullptr && Works(own.get()) && Works(twin.get()) &&
           (EVP_PKEY_eq(twin.get(), own.get()) == 1) == (turn % 2 == 0);
  });
  EXPECT_EQ(good, kThreads * kTurns);
}

TEST_F(ProviderThreads, GoOnWhileTheAgentIsRestarted) {
  key_ = Load("web");
  ASSERT_NE(key_, nullptr) << Errors();
  std::atomic<int> good = 0;
  const std::jthread restarts([&] {
    for (int after = 50; after < 250; after += 50) {
      EXPECT_TRUE(testing::Eventually([&] { return good >= after; }));
      ASSERT_NO_FATAL_FAILURE(Serve());
    }
  });
  // Twice, because a call is asked for once more when its agent is lost, and that one may be too.
  const int all = OnAllThreads([&](int) {
    const bool works = Works(key_.get()) || Works(key_.get());
    good += works ? 1 : 0;
    return works;
  });
  EXPECT_EQ(all, kThreads * kTurns);
}

}  // namespace
}  // namespace rootkeep::provider
