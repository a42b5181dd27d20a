// What a node and the service say to each other in one attestation: AttestInit from the node, AttestChallenge from the
// service, AttestEvidence from the node. These are the values; proto/ has their form on the network.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "attestation/wire/pcr.h"

namespace rootkeep::attestation {

inline constexpr std::uint32_t kProtocolVersion = 1;

// Octets.
inline constexpr std::size_t kMaxInitSize = 64 * 1024;  // all fields of an AttestInit together
inline constexpr std::size_t kMaxNodeId = 253;
inline constexpr std::size_t kMaxCertificateSize = 8 * 1024;
inline constexpr std::size_t kMaxEkChain = 8;  // certificates
inline constexpr std::size_t kMaxCsrSize = 16 * 1024;
inline constexpr std::size_t kMaxTpmText = 64;
inline constexpr std::size_t kMinAgentNonce = 16;
inline constexpr std::size_t kMaxAgentNonce = 32;
inline constexpr std::size_t kSessionIdSize = 16;
inline constexpr std::size_t kServerNonceSize = 32;
inline constexpr std::size_t kServerIdentitySize = 32;
inline constexpr std::size_t kActivationProofSize = 32;
inline constexpr std::size_t kMaxBootLogSize = 4 * 1024 * 1024;  // firmware logs are tens of kilobytes

// Where the attestation key (AK) is, which decides what its qualified name must be.
enum class AkPlacement : std::uint8_t {
  kEndorsementPrimary = 1,  // a primary key of the endorsement hierarchy
  kEkChild = 2,             // a child of the endorsement key
};

// What the TPM says about itself (TPM2_PT_FIXED); informational, nothing vouches for it.
struct TpmInfo {
  std::string manufacturer;  // TPM2_PT_MANUFACTURER as text: "IBM", "IFX"
  std::string vendor;        // TPM2_PT_VENDOR_STRING_1 to _4
  std::uint64_t firmware_version = 0;
};

// From the node. Nothing in it is trusted until a challenge to this very endorsement key (EK) and AK has been answered.
struct AttestInit {
  std::uint32_t protocol_version = kProtocolVersion;
  std::string claimed_node_id;
  Bytes ek_public;              // TPMT_PUBLIC
  Bytes ek_certificate;         // DER; empty when the TPM has none
  std::vector<Bytes> ek_chain;  // DER, intermediates that the node knows
  Bytes ak_public;              // TPMT_PUBLIC
  AkPlacement ak_placement = AkPlacement::kEndorsementPrimary;
  TpmInfo tpm;
  std::vector<Algorithm> banks;  // allocated PCR banks
  Bytes node_key_public;         // TPMT_PUBLIC
  Bytes node_key_parent;         // TPMT_PUBLIC of its parent, a primary key of the owner hierarchy; empty: not said
  Bytes csr;                     // DER, PKCS#10, for the node key
  Bytes agent_nonce;             // 16 to 32 octets
};

// From the service, once per session.
struct AttestChallenge {
  Bytes session_id;        // 16 octets
  Bytes id_object;         // TPM2B_ID_OBJECT with its size
  Bytes encrypted_secret;  // TPM2B_ENCRYPTED_SECRET with its size
  Bytes server_nonce;      // 32 octets
  PcrSelection pcrs;       // exactly these are to be quoted
  bool want_boot_log = false;
  std::int64_t deadline = 0;  // seconds since 1970-01-01T00:00:00Z
  Bytes server_identity;      // SHA-256 of the DER certificate that the service shows in TLS
};

// From the node. There is no selection beside the values: the service knows what it asked for.
struct AttestEvidence {
  Bytes activation_proof;            // 32 octets, ActivationProof of transcript.h
  Bytes quote_attest;                // TPMS_ATTEST
  Bytes quote_signature;             // TPMT_SIGNATURE
  std::vector<PcrValue> pcr_values;  // of the challenge's bank
  Bytes certify_attest;              // TPMS_ATTEST
  Bytes certify_signature;           // TPMT_SIGNATURE
  Bytes boot_log;                    // TCG crypto-agile log; empty unless asked for
};

// Whoever takes a message from the network asks this before anything else. INVALID_ARGUMENT kReasonMessageSize, with
// the field's name, when a field is longer or shorter than it may be, or a list has too many entries.
inline constexpr std::string_view kReasonMessageSize = "message_size";
Status CheckSizes(const AttestInit& init);
Status CheckSizes(const AttestChallenge& challenge);
Status CheckSizes(const AttestEvidence& evidence);

}  // namespace rootkeep::attestation
