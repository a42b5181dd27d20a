// What a TPM signs about itself, its keys and its registers: TPMS_ATTEST (Part 2 §10.12).
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

// TPM_GENERATED_VALUE (Part 2 §6.2), "\xffTCG": a restricted key signs nothing that begins so unless the TPM made it.
inline constexpr std::uint32_t kTpmGenerated = 0xff544347;

// TPMI_ST_ATTEST. Holds any 16 bits that a peer sent.
enum class AttestType : std::uint16_t {
  kCertify = 0x8017,
  kQuote = 0x8018,
  kCreation = 0x801a,
};

// Octets of a name: an algorithm identifier and a digest (Part 1 §16). A handle, the name of what has no public area,
// is four octets; no name is empty.
inline constexpr std::size_t kMaxNameSize = 2 + kMaxDigestSize;
// Octets of qualifying data: what a TPM2B_DATA of libtss2 holds. Part 2 has room for two more, which nobody needs.
inline constexpr std::size_t kMaxExtraData = kMaxDigestSize;
// Octets of a TPMS_ATTEST that is read: three times the longest one of the known types.
inline constexpr std::size_t kMaxAttestSize = 1024;

// TPMS_CLOCK_INFO (Part 2 §10.11).
struct ClockInfo {
  std::uint64_t clock = 0;          // milliseconds that the TPM has been on, since TPM2_Clear
  std::uint32_t reset_count = 0;    // TPM resets since TPM2_Clear
  std::uint32_t restart_count = 0;  // restarts and resumes since the last reset
  bool safe = false;                // no value of `clock` above this one has been reported before

  friend bool operator==(const ClockInfo&, const ClockInfo&) = default;
};

// TPMS_QUOTE_INFO.
struct QuoteInfo {
  std::vector<PcrSelection> selections;
  Bytes pcr_digest;  // by the hash function of the signing scheme

  friend bool operator==(const QuoteInfo&, const QuoteInfo&) = default;
};

// TPMS_CERTIFY_INFO.
struct CertifyInfo {
  Bytes name;
  Bytes qualified_name;

  friend bool operator==(const CertifyInfo&, const CertifyInfo&) = default;
};

// TPMS_CREATION_INFO.
struct CreationInfo {
  Bytes name;
  Bytes creation_hash;

  friend bool operator==(const CreationInfo&, const CreationInfo&) = default;
};

// What another type says, unread.
struct UnknownInfo {
  Bytes octets;

  friend bool operator==(const UnknownInfo&, const UnknownInfo&) = default;
};

struct Attest {
  std::uint32_t magic = 0;
  AttestType type{};
  Bytes qualified_signer;
  Bytes extra_data;
  ClockInfo clock_info;
  std::uint64_t firmware_version = 0;
  std::variant<UnknownInfo, QuoteInfo, CertifyInfo, CreationInfo> info;

  friend bool operator==(const Attest&, const Attest&) = default;
};

// Judges the form alone: `magic` and `type` may be anything, and nothing has been signed until somebody has checked
// that. The alternative of `info` is the one that `type` says. INVALID_ARGUMENT kReasonStructure.
Result<Attest> ParseAttest(ByteView tpms_attest);
Bytes Encode(const Attest& attest);

}  // namespace rootkeep::attestation
