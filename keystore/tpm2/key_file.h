// TSS2 PRIVATE KEY: a key that only the TPM that made it can load, in a file that other programs read too
// (draft-bottomley-tpm2-keys-00; tpm2-openssl, tpm2-tools).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::tpm2 {

// Of the file, as PEM or DER. RSA-4096 takes less than 4 KiB as PEM.
inline constexpr std::size_t kMaxKeyFile = std::size_t{8} * 1024;
// Of the two halves. The largest that tpm2-tss takes: sizeof(TPM2B_PUBLIC), sizeof(TPM2B_PRIVATE).
inline constexpr std::size_t kMaxPublicArea = 616;
inline constexpr std::size_t kMaxPrivateArea = 1552;

// A loadable key (2.23.133.10.1.3). Nothing in it is secret: the TPM encrypted the private half to the parent.
struct KeyFile {
  bool empty_auth = false;   // the key is used without an auth value
  std::uint32_t parent = 0;  // a hierarchy, whose default primary is meant, or a persistent handle (IsParent)
  Bytes public_area;         // TPM2B_PUBLIC, its size among it; what is inside is the TPM's to judge
  Bytes private_area;        // TPM2B_PRIVATE, likewise

  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

// TPM_RH_OWNER, TPM_RH_NULL, TPM_RH_ENDORSEMENT or TPM_RH_PLATFORM (TPM 2.0 Part 2 §7.4), or 0x81000000 to 0x81ffffff
// (§7.5). Other handles mean nothing in a file: they end with the TPM's next reset.
[[nodiscard]] bool IsParent(std::uint32_t handle);

// Reads a file, in PEM (one block, lines of 64 characters) or DER, and nothing beside it. INVALID_ARGUMENT with reason
// "key_file" for octets that are not what a writer of this format writes for the same content, for another type of key
// and for a parent that is none; UNIMPLEMENTED with "key_file_field" when a policy, secret, authPolicy, description or
// rsaParent is there, since a key that needs them would be used without.
Result<KeyFile> ParseKeyFile(std::string_view text);

// DER of {type, emptyAuth, parent, pubkey, privkey}, which is all that tpm2-openssl reads. INVALID_ARGUMENT with
// "key_file" for a key that ParseKeyFile would refuse.
Result<Bytes> KeyFileDer(const KeyFile& key);

// The same as PEM. Errors as KeyFileDer.
Result<std::string> KeyFilePem(const KeyFile& key);

}  // namespace rootkeep::tpm2
