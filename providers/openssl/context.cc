#include "providers/openssl/context.h"

#include <openssl/core_dispatch.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#if defined(__SANITIZE_ADDRESS__)
#define ROOTKEEP_WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ROOTKEEP_WITH_ASAN
#endif
#endif

#ifdef ROOTKEEP_WITH_ASAN
#include <sanitizer/lsan_interface.h>
#endif
#include <sys/random.h>

#include <charconv>
#include <cstring>

namespace rootkeep::provider {
namespace {

constexpr std::array<const char*, 3> kDigestNames{"SHA2-256", "SHA2-384", "SHA2-512"};
constexpr unsigned kLongestPatience = 600'000;  // milliseconds; what the key socket allows a call

}  // namespace

std::unique_ptr<Context> Context::Create(const OSSL_CORE_HANDLE* core, const OSSL_DISPATCH* calls) noexcept {
  std::unique_ptr<Context> context(new (std::nothrow) Context(core));
  if (context == nullptr) return nullptr;
  context->TakeCalls(calls);
  context->library_ = OSSL_LIB_CTX_new_from_dispatch(core, calls);
  if (context->library_ == nullptr) return nullptr;
  if (getrandom(context->mark_.data(), kMarkSize, 0) != static_cast<ssize_t>(kMarkSize)) return nullptr;
  context->ReadConfiguration();
  return context;
}

Context::~Context() {
  for (auto& digest : digests_) EVP_MD_free(digest.load());
  for (auto& client : clients_) delete client.load();
  if (!keeps_library_.load(std::memory_order_relaxed)) {
    OSSL_LIB_CTX_free(library_);
    return;
  }
#ifdef ROOTKEEP_WITH_ASAN
  __lsan_ignore_object(library_);
#endif
}

void Context::TakeCalls(const OSSL_DISPATCH* calls) noexcept {
  for (; calls->function_id != 0; ++calls) {
    switch (calls->function_id) {
      case OSSL_FUNC_CORE_GET_PARAMS: get_params_ = OSSL_FUNC_core_get_params(calls); break;
      case OSSL_FUNC_CORE_NEW_ERROR: new_error_ = OSSL_FUNC_core_new_error(calls); break;
      case OSSL_FUNC_CORE_SET_ERROR_DEBUG: set_error_debug_ = OSSL_FUNC_core_set_error_debug(calls); break;
      case OSSL_FUNC_CORE_VSET_ERROR: vset_error_ = OSSL_FUNC_core_vset_error(calls); break;
      default: break;
    }
  }
}

void Context::ReadConfiguration() noexcept {
  char* socket = nullptr;
  char* patience = nullptr;
  OSSL_PARAM params[] = {OSSL_PARAM_utf8_ptr("socket", &socket, 0), OSSL_PARAM_utf8_ptr("timeout_ms", &patience, 0),
                         OSSL_PARAM_END};
  if (get_params_ == nullptr || get_params_(core_, params) == 0) return;
  if (socket != nullptr && !socket_.Set(socket)) bad_setting_ = "socket";
  if (patience == nullptr) return;
  unsigned value = 0;
  const char* const end = patience + std::strlen(patience);
  const auto [read_to, error] = std::from_chars(patience, end, value);
  if (error != std::errc{} || read_to != end || value == 0 || value > kLongestPatience) {
    bad_setting_ = "timeout_ms";
    return;
  }
  patience_ = std::chrono::milliseconds(value);
}

const EVP_MD* Context::Digest(Hash hash) noexcept {
  auto& slot = digests_[static_cast<std::size_t>(hash)];
  if (EVP_MD* known = slot.load(std::memory_order_acquire)) return known;
  EVP_MD* fetched = EVP_MD_fetch(library_, kDigestNames[static_cast<std::size_t>(hash)], nullptr);
  if (fetched == nullptr) {
    Raise(Reason::kLibcrypto, "EVP_MD_fetch: %s", kDigestNames[static_cast<std::size_t>(hash)]);
    return nullptr;
  }
  EVP_MD* expected = nullptr;
  if (slot.compare_exchange_strong(expected, fetched)) return fetched;
  EVP_MD_free(fetched);  // another thread was first
  return expected;
}

bool Context::MayAsk(std::string_view socket) const noexcept {
  if (bad_setting_ != nullptr) {
    Raise(Reason::kSetting, "%s in the provider's section", bad_setting_);
    return false;
  }
  if (!socket.empty()) return true;
  Raise(Reason::kNoSocket, "the key reference names none, and the provider's section has no socket = /path");
  return false;
}

keysocket::Client* Context::ClientOf(std::string_view socket) noexcept {
  if (!MayAsk(socket)) return nullptr;
  std::unique_ptr<keysocket::Client> made;
  for (auto& slot : clients_) {
    keysocket::Client* client = slot.load(std::memory_order_acquire);
    if (client == nullptr) {
      if (made == nullptr) made.reset(new (std::nothrow) keysocket::Client(socket));
      if (made == nullptr) {
        Raise(Reason::kMemory);
        return nullptr;
      }
      if (slot.compare_exchange_strong(client, made.get())) return made.release();
    }
    if (client->path() == socket) return client;
  }
  Raise(Reason::kNoSocket, "this process uses %zu key sockets already", kMostSockets);
  return nullptr;
}

keysocket::Client* Context::KnownClientOf(std::string_view socket) const noexcept {
  for (const auto& slot : clients_) {
    keysocket::Client* client = slot.load(std::memory_order_acquire);
    if (client == nullptr || client->path() == socket) return client;
  }
  return nullptr;
}

keysocket::WireDeadline Context::Deadline() const noexcept { return std::chrono::steady_clock::now() + patience_; }

}  // namespace rootkeep::provider
