// What exists: one key in one backend, what is known about its custody, and on whose word.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "keystore/key_spec.h"
#include "keystore/key_uri.h"
#include "keystore/public_key.h"

namespace rootkeep {

// Who vouches for the custody facts of a key. Only kAttested is ever called "proved".
enum class Voucher : std::uint8_t { kTokenSoftware, kToken, kAttested };

// "claimed by token (software, for tests)", "claimed by token", "attested".
std::string_view VoucherText(Voucher voucher);

// Attributes of a private key as its token reports them (PKCS#11 2.40 §4.9). Unset: the token did not say.
struct CustodyFacts {
  std::optional<bool> sensitive;          // CKA_SENSITIVE
  std::optional<bool> extractable;        // CKA_EXTRACTABLE
  std::optional<bool> always_sensitive;   // CKA_ALWAYS_SENSITIVE
  std::optional<bool> never_extractable;  // CKA_NEVER_EXTRACTABLE
  std::optional<bool> local;              // CKA_LOCAL: generated inside the token
  std::optional<bool> modifiable;         // CKA_MODIFIABLE
  std::optional<bool> always_authenticate;
  // Usages beyond signing that the key allows, for example "decrypt, unwrap"; empty for a sign-only key.
  std::string other_usages;

  friend bool operator==(const CustodyFacts&, const CustodyFacts&) = default;
};

// Which token, as it describes itself (PKCS#11 2.40 §3.2), trailing blanks removed.
struct DeviceInfo {
  std::string label;
  std::string serial;
  std::string manufacturer;
  std::string model;
  bool software = false;  // a software token known to us: keys in it are files
};

struct KeyInfo {
  KeyUri uri;
  std::string label;
  Bytes id;                         // CKA_ID
  std::optional<LabelParts> named;  // set when the label is one of ours
  PublicKey public_key;
  CustodyFacts custody;
  Voucher voucher = Voucher::kToken;
  DeviceInfo device;
};

// The first fact that keeps the key from `level` (and, for every use, from being a sign-only key), in the words of the
// token's attributes, as FAILED_PRECONDITION. `production` refuses software tokens too.
Status CheckCustody(const KeyInfo& key, KeyUse use, CustodyLevel level, bool production);

// One line for people: "sensitive, not extractable, always sensitive, never extractable, generated in the token".
std::string DescribeCustody(const CustodyFacts& facts);

}  // namespace rootkeep
