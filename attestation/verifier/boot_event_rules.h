// What may be measured into a register, by a boot log: for registers whose values are not the same on two machines, or
// change with every kernel, while the programs that were started are known.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "attestation/verifier/boot_log.h"

namespace rootkeep::attestation {

// Events of one type that are allowed. The type itself is not measured: whoever writes the log can give an event
// another, so that what protects is the digest, and any type's digests are as good as allowed for every type.
struct BootEventRule {
  EventType type = EventType::kNoAction;
  std::set<Bytes> digests;  // of the policy's bank

  friend bool operator==(const BootEventRule&, const BootEventRule&) = default;
};

// Of one PCR. Each event that extended it has to be one that a rule allows, and each rule has to have been met by an
// event of its own, one rule after the other: what a later rule allows may not come before, and what was met may come
// again. So a program that was started in the place of another does not pass by extending the other's digest
// afterwards, as root can. Separators have no rule: CheckBootLog judges them.
using BootEventRules = std::vector<BootEventRule>;

inline constexpr std::size_t kMaxBootEventRules = 32;       // of a PCR
inline constexpr std::size_t kMaxBootEventDigests = 1'024;  // of a rule

// INVALID_ARGUMENT unless the PCR is one that a boot log accounts for, there is a rule, and no more than the above;
// each has a type that belongs in this PCR and whose events extend it, no separator, and digests of the bank's size.
Status CheckBootEventRules(const BootEventRules& rules, Algorithm bank, std::uint8_t pcr);

// Whether `log`, which has been through VerifyBootLog with `bank` and a value of `pcr`, has in that PCR what the rules
// allow. PERMISSION_DENIED
//   "boot_event_not_allowed"  an event that none of them allows, or not yet; the text has the first, counted within the
//                             PCR from 1;
//   "boot_event_missing"      a rule that no event meets.
Status JudgeBootEvents(const BootEventRules& rules, const BootLog& log, Algorithm bank, std::uint8_t pcr);

// The same for operators, a line for each event of the PCR and one for each rule that none meets:
//   PCR 4 event 2: EV_EFI_BOOT_SERVICES_APPLICATION, said to be "\EFI\debian\shimx64.efi", 28d5...: allowed
//   PCR 4: no EV_EFI_BOOT_SERVICES_APPLICATION with the digest 3b0a... or one of 2 others
std::vector<std::string> ExplainBootEvents(const BootEventRules& rules, const BootLog& log, Algorithm bank,
                                           std::uint8_t pcr);

}  // namespace rootkeep::attestation
