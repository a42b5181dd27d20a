// A software key whose signing a test can stall or falsify. Never a stand-in for a token: those tests use SoftHSM.
#pragma once

#include <atomic>
#include <memory>

#include "keystore/base/mutex.h"
#include "keystore/signer.h"

namespace rootkeep::testing {

class GatedSigner final : public Signer {
 public:
  explicit GatedSigner(std::shared_ptr<const Signer> inner) : inner_(std::move(inner)) {}

  // While one lives, every Sign waits; all go on when it ends.
  class Stall {
   public:
    explicit Stall(const GatedSigner& signer) : signer_(signer) { signer_.Set(true); }
    ~Stall() { signer_.Set(false); }
    Stall(const Stall&) = delete;
    Stall& operator=(const Stall&) = delete;

   private:
    const GatedSigner& signer_;
  };
  [[nodiscard]] Stall Close() const { return Stall(*this); }

  // From here on every signature is well formed and wrong.
  void Corrupt() const { corrupt_ = true; }

  // From here on signers are told that they waited so long in the device's queue.
  void PretendQueue(std::chrono::nanoseconds wait) { queued_ = wait; }
  // On whose behalf the last signature was asked for.
  [[nodiscard]] Share last_share() const {
    const MutexLock lock(mutex_);
    return last_share_;
  }

  [[nodiscard]] int waiting() const { return waiting_; }
  [[nodiscard]] int signatures() const { return signatures_; }
  void Reset() { signatures_ = 0; }

  [[nodiscard]] const KeyInfo& info() const override { return inner_->info(); }
  [[nodiscard]] Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const override {
    {
      const MutexLock lock(mutex_);
      ++waiting_;
      while (closed_) opened_.Wait(mutex_);
      --waiting_;
    }
    Bytes digest = ToBytes(input);
    if (corrupt_) digest[0] ^= 1;
    ++signatures_;
    return inner_->Sign(scheme, digest, deadline);
  }
  [[nodiscard]] Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const override {
    {
      const MutexLock lock(mutex_);
      last_share_ = order.share;
    }
    if (order.times != nullptr) order.times->queued += queued_;
    return Signer::SignFor(order, scheme, input);
  }

 private:
  void Set(bool closed) const {
    const MutexLock lock(mutex_);
    closed_ = closed;
    opened_.NotifyAll();
  }

  const std::shared_ptr<const Signer> inner_;
  mutable Mutex mutex_;
  mutable CondVar opened_;
  mutable bool closed_ RK_GUARDED_BY(mutex_) = false;
  mutable Share last_share_ RK_GUARDED_BY(mutex_);
  std::chrono::nanoseconds queued_{0};
  mutable std::atomic<int> waiting_ = 0;
  mutable std::atomic<int> signatures_ = 0;
  mutable std::atomic<bool> corrupt_ = false;
};

}  // namespace rootkeep::testing
