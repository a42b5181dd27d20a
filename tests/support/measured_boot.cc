#include "tests/support/measured_boot.h"

#include "attestation/verifier/boot_log_replay.h"
#include "tests/support/tpm_attest.h"

namespace rootkeep::testing {

Status ExtendAsLogged(const Esys& esys, const attestation::BootLog& log) {
  const std::size_t bank = attestation::BankIndex(log, attestation::Algorithm::kSha256).value();
  for (const attestation::BootEvent& event : log.events) {
    if (event.type == attestation::EventType::kNoAction) continue;
    RK_RETURN_IF_ERROR(ExtendPcr(esys, event.pcr, event.digests[bank]));
  }
  return Ok();
}

}  // namespace rootkeep::testing
