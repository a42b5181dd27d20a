// Several ECDSA checks over P-256 at once, of keys that are seen once.
#pragma once

#include <span>

#include "signer/p256/ecdsa.h"

namespace rootkeep::p256 {

// As VerifyOnce takes them.
struct Claim {
  ByteView point;
  ByteView digest;
  ByteView signature;
};

// How many claims one VerifyMany had best be given: more than one where this processor does several side by side
// (signer/p256/lanes), which then costs little more than one.
std::size_t BestBatch();

// verdicts[i] is VerifyOnce's of claims[i]; both have the same size. Thread-safe.
void VerifyMany(std::span<const Claim> claims, std::span<Verdict> verdicts);

}  // namespace rootkeep::p256
