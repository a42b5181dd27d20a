// Signatures as a token gives them that is broken or lies.
#pragma once

#include <p11-kit/pkcs11.h>

#include <string_view>

#include "tools/chaos/scenario.h"

namespace rootkeep::chaos {

struct Distorted {
  CK_RV rv = CKR_OK;
  CK_ULONG size = 0;  // what is said to be the signature's
};

// Changes the `size` octets of a signature in a buffer of `room` octets; never writes beyond it.
Distorted Distort(WrongSignature::Kind kind, CK_BYTE* signature, CK_ULONG size, CK_ULONG room);

std::string_view KindName(WrongSignature::Kind kind);

}  // namespace rootkeep::chaos
