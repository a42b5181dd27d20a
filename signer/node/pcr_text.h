// PCR values as records and people have them: "sha256:0=<hexadecimal>,7=<hexadecimal>".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attestation/wire/pcr.h"

namespace rootkeep {

struct PcrState {
  attestation::Algorithm bank = attestation::Algorithm::kNull;
  std::vector<attestation::PcrValue> values;  // ascending
};

// Empty for no values.
std::string PcrText(attestation::Algorithm bank, const std::vector<attestation::PcrValue>& values);

// The inverse; nothing for any other text: of sha256, sha384 and sha512, PCRs ascending, digests of the bank's size.
std::optional<PcrState> ParsePcrText(std::string_view text);

}  // namespace rootkeep
