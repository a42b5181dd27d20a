// Decisions and issuers as policy and authorities would give them, for tests of what comes after.
#pragma once

#include <string>

#include "signer/certificate/issuer.h"
#include "signer/issuance.h"

namespace rootkeep::testing {

inline constexpr const char* kTestIdentity = "spiffe://cluster.local/ns/default/sa/httpbin";
// 2026-11-24T10:00:00Z.
inline constexpr std::int64_t kTestNow = 1795514400;

// An issuer that owns what its view shows: "CN=issuer", key id 0x5a 20 times, valid for ten years from kTestNow.
struct TestIssuer {
  TestIssuer();

  Bytes name;
  Bytes key_id;
  WallTime not_after;
  SignatureScheme scheme = SignatureScheme::kEcdsaSha256;

  [[nodiscard]] IssuerView View() const;
};

// One hour for kTestIdentity from kTestNow, backdated two minutes, with a P-256 key that is the same for the whole
// process.
Decision LeafDecision();
// An issuing CA's, one year, path length 0.
Decision CaDecision();

}  // namespace rootkeep::testing
