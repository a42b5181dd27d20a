// A key's handles in one connection.
#pragma once

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <cstdint>

#include "keystore/key_info.h"
#include "keystore/pkcs11/connection.h"

namespace rootkeep::pkcs11 {

// Thread-safe after it was made.
class Binding {
 public:
  // Finds the key again by id, class and the same public key. UNAVAILABLE "key_missing"; DATA_LOSS "key_changed" when
  // another public key answers to the id; FAILED_PRECONDITION "key_ambiguous".
  static Result<std::shared_ptr<Binding>> Make(const std::shared_ptr<Connection>& connection, const Module::Use& use,
                                               const KeyInfo& key, Deadline deadline);
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;
  ~Binding();

  [[nodiscard]] bool IsTo(const std::shared_ptr<Connection>& connection) const {
    return !connection_.owner_before(connection) && !connection.owner_before(connection_);
  }

  // The handle to sign with now. On a software token that lets a private key be copied into a session object without
  // weakening it, that is the copy, with which it signs faster; but at least every few milliseconds the key itself, so
  // that a key that was destroyed or a token that was removed is noticed at once. On other tokens always the key.
  [[nodiscard]] CK_OBJECT_HANDLE Handle(std::chrono::steady_clock::time_point now);

  // Whether a signature made through this binding was checked with the public key. The first is, so that a private key
  // that does not belong to its public half never gets further.
  [[nodiscard]] bool proven() const { return proven_.load(std::memory_order_acquire); }
  void SetProven() { proven_.store(true, std::memory_order_release); }

 private:
  Binding(const std::shared_ptr<Connection>& connection, CK_OBJECT_HANDLE key, CK_OBJECT_HANDLE copy)
      : connection_(connection), key_(key), copy_(copy) {}

  const std::weak_ptr<Connection> connection_;
  const CK_OBJECT_HANDLE key_;
  const CK_OBJECT_HANDLE copy_;  // CK_INVALID_HANDLE: none
  std::atomic<std::int64_t> key_used_at_{0};
  std::atomic<bool> proven_{false};
};

}  // namespace rootkeep::pkcs11
