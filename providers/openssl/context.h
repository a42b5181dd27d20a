// What one load of the provider has: how to speak with OpenSSL, and the key sockets it knows.
#pragma once

#include <openssl/core.h>
#include <openssl/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdarg>
#include <memory>

#include "keystore/keysocket/wire/client.h"
#include "providers/openssl/text.h"

namespace rootkeep::provider {

// Numbers of the provider's own in OpenSSL's error queue; errors.cc has their words.
enum class Reason : std::uint32_t {
  kNoSocket = 1,
  kReference,
  kAgent,
  kOtherKey,
  kScheme,
  kInput,
  kParameter,
  kMemory,
  kLibcrypto,
  kSetting,
};

enum class Hash : std::uint8_t { kSha256, kSha384, kSha512 };

// Thread-safe. Without a thread, a lock, or anything that runs at the process's end but for what OpenSSL calls.
class Context {
 public:
  // Null when there is no memory. Nothing in the configuration can make it fail: OpenSSL says nothing of a provider
  // that does not load, so what is wrong is said when a key is used.
  static std::unique_ptr<Context> Create(const OSSL_CORE_HANDLE* core, const OSSL_DISPATCH* calls) noexcept;
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  ~Context();

  // A library context of the provider's own, with OpenSSL's default provider. What is asked of it can never come back
  // to this provider, whatever the application's providers and properties are.
  [[nodiscard]] OSSL_LIB_CTX* library() const noexcept { return library_; }
  // From now on it is never freed: to be called before a private key is made or used in it. Its random generator leaves
  // each thread that uses it a handler for the thread's end, with the library context as argument, and OpenSSL does not
  // take back those of other threads when the context is freed. That is one library context for each load of the
  // provider that has such keys.
  void KeepLibrary() noexcept { keeps_library_.store(true, std::memory_order_relaxed); }
  // Lives as long as this; null, with the reason raised, when there is none.
  [[nodiscard]] const EVP_MD* Digest(Hash hash) noexcept;

  // The configured one; may be empty.
  [[nodiscard]] std::string_view socket() const noexcept { return socket_.view(); }
  // Whether there is a socket, and the configuration can be understood; otherwise the reason is raised.
  [[nodiscard]] bool MayAsk(std::string_view socket) const noexcept;
  // The client of a socket, which lives as long as this; null, with the reason raised, when MayAsk says no or there are
  // too many.
  [[nodiscard]] keysocket::Client* ClientOf(std::string_view socket) noexcept;
  // The same without making one; null when there is none yet.
  [[nodiscard]] keysocket::Client* KnownClientOf(std::string_view socket) const noexcept;
  // From now, for one call.
  [[nodiscard]] keysocket::WireDeadline Deadline() const noexcept;

  // Octets that only this load knows, in front of what its own decoders tell each other.
  static constexpr std::size_t kMarkSize = 16;
  [[nodiscard]] const std::array<std::uint8_t, kMarkSize>& mark() const noexcept { return mark_; }

  // Puts an error on the queue; `format` as for printf, may be null.
  void Raise(Reason reason, const char* format = nullptr, ...) const noexcept __attribute__((format(printf, 3, 4)));
  // `key` is how the caller named the key; may be empty.
  void Raise(const keysocket::Failure& failure, std::string_view key) const noexcept;

 private:
  static constexpr std::size_t kMostSockets = 64;

  explicit Context(const OSSL_CORE_HANDLE* core) noexcept : core_(core) {}
  void TakeCalls(const OSSL_DISPATCH* calls) noexcept;
  void ReadConfiguration() noexcept;

  const OSSL_CORE_HANDLE* core_;
  int (*get_params_)(const OSSL_CORE_HANDLE*, OSSL_PARAM*) = nullptr;
  void (*new_error_)(const OSSL_CORE_HANDLE*) = nullptr;
  void (*set_error_debug_)(const OSSL_CORE_HANDLE*, const char*, int, const char*) = nullptr;
  void (*vset_error_)(const OSSL_CORE_HANDLE*, std::uint32_t, const char*, va_list) = nullptr;

  OSSL_LIB_CTX* library_ = nullptr;
  std::atomic<bool> keeps_library_{false};
  FixedText<107> socket_;
  std::chrono::milliseconds patience_{10'000};
  const char* bad_setting_ = nullptr;  // the name of one that cannot be understood
  std::array<std::uint8_t, kMarkSize> mark_{};
  std::array<std::atomic<EVP_MD*>, 3> digests_{};
  // Filled from the front, never emptied.
  std::array<std::atomic<keysocket::Client*>, kMostSockets> clients_{};
};

}  // namespace rootkeep::provider
