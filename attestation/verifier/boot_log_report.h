// What to tell an operator about PCRs that a policy did not accept.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attestation/verifier/boot_log.h"
#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

// A log as a node sent it, and the values of the quote that came with it.
struct QuotedBootLog {
  Bytes log;  // empty when the node has none
  std::vector<PcrValue> values;
};

// Lines about each of `differing`, by `now` and, where it is there, by what the node sent when its values were last
// accepted. Each log is believed for its own values only (VerifyBootLog), and about no PCR that is not among them; one
// that is not believed is said to be so, with the reason, and explains nothing. Never empty when `differing` is not,
// and never an error: nothing depends on it.
std::vector<std::string> ReportPcrs(const std::vector<std::uint8_t>& differing, const QuotedBootLog& now,
                                    const std::optional<QuotedBootLog>& then, Algorithm bank);

}  // namespace rootkeep::attestation
