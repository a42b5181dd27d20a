// Evidence as text. Internal to this folder.
#pragma once

#include <string>

#include "keystore/evidence/key_evidence.h"

namespace rootkeep::evidence {

inline constexpr std::string_view kType = "rootkeep-key-evidence";
inline constexpr int kVersion = 1;

// The statement as it is signed, behind the prefix: JSON without white space. Octets that are not UTF-8 become U+FFFD.
std::string StatementText(const KeyInfo& key, WallTime read_at);

// The whole document: two blanks a level, one line break at the end.
std::string DocumentText(const KeyEvidence& evidence);

// What the scheme takes: the digest of prefix and statement or, for Ed25519, both themselves.
Result<Bytes> SignedInput(SignatureScheme scheme, const KeyInfo& key, WallTime read_at);

}  // namespace rootkeep::evidence
