// One private key that can sign and do nothing else.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"
#include "keystore/key_info.h"
#include "keystore/share.h"
#include "keystore/signature_scheme.h"

namespace rootkeep {

// The longest message Sign takes for schemes that hash by themselves.
inline constexpr std::size_t kMaxSignInput = 64 * 1024;

// What Sign demands of its input. INVALID_ARGUMENT when the scheme does not fit a key of this type, or the input's
// length the scheme.
Status CheckSignInput(KeyType type, SignatureScheme scheme, ByteView input);

// Where the time of a signature went.
struct SignTimes {
  std::chrono::nanoseconds queued{0};  // waiting for the device
  std::chrono::nanoseconds device{0};  // in the device
};

// On whose behalf a signature is made.
struct SignOrder {
  Deadline deadline;
  const Share& share;
  SignTimes* times = nullptr;  // added to; may be null
};

// Thread-safe and const; survives the loss and return of its device: a call that fails because the device is away
// returns UNAVAILABLE, and a later call finds the key again (same id, same public key) without anybody's help.
class Signer {
 public:
  Signer() = default;
  Signer(const Signer&) = delete;
  Signer& operator=(const Signer&) = delete;
  virtual ~Signer() = default;

  [[nodiscard]] virtual const KeyInfo& info() const = 0;
  [[nodiscard]] const PublicKey& public_key() const { return info().public_key; }

  // Signs a digest of exactly the scheme's hash size, or, for kEd25519, a message of at most kMaxSignInput octets.
  // ECDSA signatures are DER ECDSA-Sig-Value (RFC 3279 §2.2.3), RSA's are as long as the modulus.
  // Errors: INVALID_ARGUMENT (scheme or input does not fit the key), UNAVAILABLE (device away, or the deadline passed
  // before the device was asked), RESOURCE_EXHAUSTED (more callers wait than the queue holds, or than can be served in
  // time), FAILED_PRECONDITION (a wrong PIN latched; an operator must act), DATA_LOSS (the key found after a reconnect
  // is not this key). Refusals that may pass say when to try again (Error::retry_after) where that can be known.
  [[nodiscard]] virtual Result<Bytes> Sign(SignatureScheme scheme, ByteView input, Deadline deadline) const = 0;

  // The same for a caller who is known: where the device has a queue, it waits in its own flow, by its urgency. Sign is
  // for work whose caller is this program.
  [[nodiscard]] virtual Result<Bytes> SignFor(const SignOrder& order, SignatureScheme scheme, ByteView input) const {
    const auto began = std::chrono::steady_clock::now();
    auto signature = Sign(scheme, input, order.deadline);
    if (order.times != nullptr) order.times->device += std::chrono::steady_clock::now() - began;
    return signature;
  }

  // How many threads may usefully be inside Sign at once on this device, as measured so far; at least 1. Changes while
  // the device is used to that limit, so whoever runs that many threads asks again often.
  [[nodiscard]] virtual unsigned Concurrency() const { return 1; }

  // How many threads of one caller may be inside Sign at once and gain nothing by waiting outside; at least
  // Concurrency(), and more where the device computes on this machine's processors, which share themselves.
  [[nodiscard]] virtual unsigned Places() const { return Concurrency(); }
};

// What Signer::Sign may answer, where the words are another process's: a client is not to be told that its request was
// bad when it was the request of ours.
Error AsSignerError(Error error);

}  // namespace rootkeep
