// A CA that somebody else keeps, as SPIRE asks for its certificate.
#pragma once

#include <string>

#include "tests/support/csr_builder.h"
#include "tests/support/software_key.h"

namespace rootkeep::testing {

// Its key, and its request: C=US, O=SPIFFE and a serial number, one URI name.
struct ForeignCa {
  explicit ForeignCa(const std::string& kind = "P-256", const std::string& uri = "spiffe://cluster.local")
      : key(MakeKey(kind)), request(key.get()) {
    request.subject = NameOf({{{0x55, 0x04, 0x06}, 0x13, "US"},
                              {{0x55, 0x04, 0x0a}, 0x13, "SPIFFE"},
                              {{0x55, 0x04, 0x05}, 0x13, "309182736455463728190"}});
    request.extensions = {UriExtension(uri)};
  }

  ossl::PKey key;
  CsrBuilder request;
};

}  // namespace rootkeep::testing
