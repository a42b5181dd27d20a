// ECDSA over P-256 (FIPS 186-5 §6.4.2), checking only, faster than OpenSSL's own check does it.
//
// Checking is two multiplications of points and one inverse. OpenSSL's check of a key that stays, as a CA's does,
// starts from nothing each time: 64 us, of which 42 go into multiplying the key. Its tables for a group's generator
// serve any point that is made a generator: 7 us. All arithmetic on points here is OpenSSL's (that of batch.h may say
// yes in its place, never no); the interface is deprecated in 3.0 but kept. Tests and a fuzz target hold every verdict
// against ECDSA_verify's.
#pragma once

#include <memory>

#include "keystore/base/bytes.h"
#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

struct ec_group_st;

namespace rootkeep::p256 {

enum class Verdict : std::uint8_t {
  kGood,
  kBad,
  kBadKey,  // the point is not on the curve
  kFailed,  // OpenSSL could not, for want of memory: nothing is known
};

// Whether `signature` (DER ECDSA-Sig-Value, strictly) is of `digest` (32 octets or more; the first 32 count) by the key
// at `point` (04 || X || Y). Thread-safe.
Verdict VerifyOnce(ByteView point, ByteView digest, ByteView signature);

// A key whose signatures are checked again and again; holds 150 KiB of its multiples. Immutable; copies share them.
class FixedKey {
 public:
  // INVALID_ARGUMENT when the point is not on the curve; INTERNAL when OpenSSL makes no tables.
  static Result<FixedKey> Make(ByteView point);

  // As VerifyOnce; never kBadKey. Thread-safe.
  [[nodiscard]] Verdict Verify(ByteView digest, ByteView signature) const;

 private:
  explicit FixedKey(std::shared_ptr<const ec_group_st> group) : group_(std::move(group)) {}

  std::shared_ptr<const ec_group_st> group_;  // P-256 with the key for a generator
};

}  // namespace rootkeep::p256
