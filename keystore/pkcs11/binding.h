// A key's handles in one connection.
#pragma once

#include <p11-kit/pkcs11.h>

#include <atomic>
#include <cstdint>
#include <utility>
#include <vector>

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

  // What one signature is made with; given back at the end of its scope, within the binding's life.
  class Handle {
   public:
    Handle(Handle&& other) noexcept : value_(other.value_), busy_(std::exchange(other.busy_, nullptr)) {}
    Handle& operator=(Handle&&) = delete;
    ~Handle() {
      if (busy_ != nullptr) busy_->store(false, std::memory_order_release);
    }
    [[nodiscard]] CK_OBJECT_HANDLE get() const { return value_; }

   private:
    friend class Binding;
    Handle(CK_OBJECT_HANDLE value, std::atomic<bool>* busy) : value_(value), busy_(busy) {}
    CK_OBJECT_HANDLE value_;
    std::atomic<bool>* busy_;  // the copy's, that is this caller's meanwhile; null: it is nobody's alone
  };

  // The handle to sign with now. On a software token that lets a private key be copied into session objects without
  // weakening it, that is a copy, with which it signs faster, and each of those who sign at once has another one,
  // because they would wait for each other in one; but at least every few milliseconds the key itself, so that a key
  // that was destroyed or a token that was removed is noticed at once. On other tokens always the key.
  [[nodiscard]] Handle HandleAt(std::chrono::steady_clock::time_point now);

  // Whether a signature made through this binding was checked with the public key. The first is, so that a private key
  // that does not belong to its public half never gets further.
  [[nodiscard]] bool proven() const { return proven_.load(std::memory_order_acquire); }
  void SetProven() { proven_.store(true, std::memory_order_release); }

 private:
  struct Copy {
    CK_OBJECT_HANDLE value = CK_INVALID_HANDLE;
    std::atomic<bool> busy{false};
  };

  Binding(const std::shared_ptr<Connection>& connection, CK_OBJECT_HANDLE key,
          const std::vector<CK_OBJECT_HANDLE>& copies);

  const std::weak_ptr<Connection> connection_;
  const CK_OBJECT_HANDLE key_;
  std::vector<Copy> copies_;  // stay as many as they were made
  std::atomic<std::int64_t> key_used_at_{0};
  std::atomic<bool> proven_{false};
};

}  // namespace rootkeep::pkcs11
