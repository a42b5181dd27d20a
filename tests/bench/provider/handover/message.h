// What is said to a bare signer: one packet each way, of a digest or what stands for it, and of its signature.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rootkeep::bench {

// The packet's first octet; what is to be signed follows.
enum class BareMechanism : std::uint8_t {
  kEcdsa,     // CKM_ECDSA
  kRsaPkcs1,  // CKM_RSA_PKCS
  kRsaBlock,  // CKM_RSA_X_509: padded already
};

inline constexpr std::size_t kMostBareOctets = 513;  // RSA-4096 and the mechanism

}  // namespace rootkeep::bench
