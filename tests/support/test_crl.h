// Revocation lists for tests of what reads them.
#pragma once

#include <vector>

#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

struct CrlShape {
  std::vector<Bytes> revoked = {};           // certificates, DER
  std::int64_t last_update = 1'000'000'000;  // seconds since the Unix epoch
  std::int64_t next_update = 4'000'000'000;  // 0: none
  bool critical = false;                     // with a critical extension: an issuing distribution point
};

// DER, signed by `issuer`, with the number that every list has (RFC 5280 §5.2.3).
Bytes MakeCrl(const CrlShape& shape, const Identity& issuer);

}  // namespace rootkeep::testing
