// The ASN.1 of a key file, between octets and values; what the values may be is key_file.cc's to say.
#pragma once

#include "keystore/tpm2/key_file.h"

namespace rootkeep::tpm2 {

// Reads TPMKey (draft-bottomley-tpm2-keys-00 §3.1): DER, but for the TRUE of emptyAuth, which tpm2-openssl writes as 1.
// Errors as ParseKeyFile, except that parent and halves are not judged.
Result<KeyFile> DecodeTpmKey(ByteView der);

// INTERNAL when OpenSSL cannot, which happens without memory only.
Result<Bytes> EncodeTpmKey(const KeyFile& key);

}  // namespace rootkeep::tpm2
