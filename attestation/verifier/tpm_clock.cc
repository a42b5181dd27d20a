#include "attestation/verifier/tpm_clock.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

// Milliseconds: a TPM stores its clock at least that often (Part 1 §36.3.2), and loses no more without an orderly
// shutdown.
constexpr std::uint64_t kMaxUnsavedClock = 1ULL << 22;

}  // namespace

Status CheckSameBoot(const ClockInfo& quote, const ClockInfo& certify) {
  if (quote.reset_count != certify.reset_count || quote.restart_count != certify.restart_count) {
    return Failure(reason::kRestartedBetween);
  }
  return Ok();
}

Status CheckSince(const LastSeen& last, ByteView ak_name, const ClockInfo& now) {
  if (!std::ranges::equal(last.ak_name, ak_name)) return Failure(reason::kAkChanged);
  if (now.reset_count < last.clock.reset_count) {
    return Failure(reason::kTpmCleared,
                   fmt::format("its reset count fell from {} to {}", last.clock.reset_count, now.reset_count));
  }
  const bool clock_fell = now.clock < last.clock.clock;
  const auto fall = [&] { return fmt::format("its clock fell from {} to {} ms", last.clock.clock, now.clock); };
  if (now.reset_count > last.clock.reset_count) {
    if (clock_fell && last.clock.clock - now.clock > kMaxUnsavedClock) return Failure(reason::kTpmCleared, fall());
    return Ok();
  }
  if (now.restart_count < last.clock.restart_count) {
    return Failure(reason::kClockRollback,
                   fmt::format("its restart count fell from {} to {}", last.clock.restart_count, now.restart_count));
  }
  // Whether the TPM calls its clock safe does not matter: a reset is what makes it unsafe, and that would have counted.
  if (clock_fell) return Failure(reason::kClockRollback, fall());
  return Ok();
}

}  // namespace rootkeep::attestation
