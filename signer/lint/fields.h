// A to-be-signed certificate taken apart, without judging it.
#pragma once

#include <optional>

#include "keystore/base/bytes.h"
#include "keystore/base/error.h"
#include "signer/der/reader.h"

namespace rootkeep::lint {

// Views into the TBSCertificate (RFC 5280 §4.1).
struct Fields {
  ByteView version;    // contents of the INTEGER inside [0]
  ByteView serial;     // contents of the INTEGER
  ByteView algorithm;  // whole AlgorithmIdentifier
  ByteView issuer;     // whole Name
  der::Element not_before;
  der::Element not_after;
  ByteView subject;     // whole Name
  ByteView spki;        // whole SubjectPublicKeyInfo
  ByteView extensions;  // contents of the SEQUENCE inside [3]
};

// Nothing when `tbs` is not exactly these fields in DER.
std::optional<Fields> TakeApart(ByteView tbs);

// The error for a broken rule.
inline Error Broken(std::string_view reason, std::string message) {
  return Internal(std::move(message)).WithReason(reason).Within("the certificate to be signed fails lint");
}

}  // namespace rootkeep::lint
