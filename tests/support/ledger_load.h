// Intents as a busy CA makes them, certificates that fit them, and a way to wait for the ledger's answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "signer/ledger/ledger.h"

namespace rootkeep::testing {

inline const std::string kLedgerIssuer(64, 'a');

// A P-256 workload certificate's sizes: 700 octets to be signed. Different for each `number`; serials grow with it.
Intent MakeIntent(std::uint64_t number);

// A serial for `number` that lies anywhere in the range, as an entirely random one does.
std::string ScatteredSerial(std::uint64_t number);

// `intent`'s certificate with an ECDSA-sized tail.
Bytes MakeCertificate(const Intent& intent);

// What the ledger answered to one intent after the other, in the order of the answers. Thread-safe.
class Answers {
 public:
  // A callback that notes the answer under `name`.
  Ledger::Durable For(std::string name);

  struct Answer {
    std::string name;
    Status status;
  };
  // Waits for `count` answers and returns all there are.
  std::vector<Answer> WaitFor(std::size_t count);

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Answer> answers_ RK_GUARDED_BY(mutex_);
};

// Intends and waits for the answer.
Status IntendAndWait(Ledger& ledger, const Intent& intent);

}  // namespace rootkeep::testing
