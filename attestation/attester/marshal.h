// ESAPI's structures as the octets of TPM 2.0 Part 2, without a TPM2B size in front, and back.
#pragma once

#include <tss2/tss2_tpm2_types.h>

#include <algorithm>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::attestation {

// INTERNAL when libtss2 cannot.
Result<Bytes> Octets(const TPMT_PUBLIC& area);
Result<Bytes> Octets(const TPMT_SIGNATURE& signature);

// A template (Part 1 §26.2): a public area in which `unique` may be anything. INVALID_ARGUMENT for other octets, also
// when some follow.
Result<TPMT_PUBLIC> ReadTemplate(ByteView tpmt_public);

// The contents of a TPM2B. `out.buffer` style differs between structures, so both are given by name.
template <typename T, std::size_t N>
Status Fill(std::uint16_t& size, T (&buffer)[N], ByteView octets) {  // NOLINT(modernize-avoid-c-arrays): libtss2's
  if (octets.size() > N) return InvalidArgument("octets do not fit into the TPM's structure");
  std::ranges::copy(octets, buffer);
  size = static_cast<std::uint16_t>(octets.size());
  return Ok();
}

}  // namespace rootkeep::attestation
