// The values of one issuance: what was asked, what was decided.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "signer/general_name.h"
#include "signer/profile/profile.h"

namespace rootkeep {

// As it came through a front door. Times in seconds; nothing here is trusted.
struct IssuanceRequest {
  std::string csr_pem;
  Bytes csr_der = {};                 // instead of csr_pem
  std::int64_t requested_ttl = 0;     // seconds; 0 or, but for foreign-ca, less: the profile's default
  std::string impersonated_identity;  // empty: for the caller itself
  std::string authority;              // empty: the one of the caller's trust domain
  std::string request_id;             // ours, given back to the client, in every log line
  std::string profile = {};           // by name; empty: what the caller's kind has
};

// What policy allowed; the certificate says this and nothing else.
struct Decision {
  Profile profile;
  std::vector<GeneralName> sans;  // never empty for leaves
  std::string common_name;        // empty: empty subject; UTF-8, at most 64 characters
  Bytes subject_name;             // CAs: the whole subject, DER Name (CaName); empty for leaves
  Bytes spki;                     // DER SubjectPublicKeyInfo of the subject
  WallTime not_before;
  WallTime not_after;  // already clamped to the issuer's
  std::string rule;    // which configured rule allowed it: "self" or the impersonation rule's name
};

}  // namespace rootkeep
