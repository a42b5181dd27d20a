// What a handover signer is asked: one packet each way, of what is to be signed and of its signature.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rootkeep::bench {

// The packet's first octet; what the mechanism takes follows.
enum class HandoverMechanism : std::uint8_t {
  kEcdsa,     // CKM_ECDSA: a digest
  kRsaPkcs1,  // CKM_RSA_PKCS: a DigestInfo
  kRsaBlock,  // CKM_RSA_X_509: a block that is padded already
};

inline constexpr std::size_t kMostHandoverOctets = 513;  // a block of RSA-4096 behind the mechanism

}  // namespace rootkeep::bench
