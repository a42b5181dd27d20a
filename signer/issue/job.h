// One issuance between its durable intent and its answer.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/fair_queue.h"
#include "signer/authority/authority.h"

namespace rootkeep {

// What a front door makes its answer from.
struct Issued {
  std::string leaf_pem;  // one block ending in one line break
  std::shared_ptr<const Authority> authority;
  std::string serial;  // lower-case hexadecimal
  WallTime not_after;
};

using IssueDone = std::function<void(Result<Issued>)>;

// Shared by the ledger's thread, a signing thread and the deadline watch; answered exactly once, by whoever is first.
class Job {
 public:
  Job(std::shared_ptr<const Authority> authority, Bytes tbs, std::string serial, Deadline deadline, IssueDone done)
      : authority_(std::move(authority)),
        tbs_(std::move(tbs)),
        serial_(std::move(serial)),
        deadline_(deadline),
        done_(std::move(done)) {}

  [[nodiscard]] const std::shared_ptr<const Authority>& authority() const { return authority_; }
  [[nodiscard]] const Bytes& tbs() const { return tbs_; }
  [[nodiscard]] const std::string& serial() const { return serial_; }
  [[nodiscard]] Deadline deadline() const { return deadline_; }
  [[nodiscard]] bool answered() const { return answered_.load(std::memory_order_acquire); }

  // Claims the right to answer; true for the first caller only, who then calls Deliver once.
  bool Claim() { return !answered_.exchange(true, std::memory_order_acq_rel); }
  void Deliver(Result<Issued> result) { done_(std::move(result)); }

  // Claim and Deliver in one; false when somebody else has answered.
  bool Answer(Result<Issued> result) {
    if (!Claim()) return false;
    Deliver(std::move(result));
    return true;
  }

  std::chrono::steady_clock::time_point started_at;  // when the request came
  std::chrono::steady_clock::time_point stage_at;    // when the present stage began
  WallTime not_after;
  std::shared_ptr<void> place;  // in the lane that signs it (SigningLane::Reserve)
  Share share;                  // of the lane's work

 private:
  const std::shared_ptr<const Authority> authority_;
  const Bytes tbs_;
  const std::string serial_;
  const Deadline deadline_;
  const IssueDone done_;
  std::atomic<bool> answered_ = false;
};

}  // namespace rootkeep
