// The subject of a request, where its certificate is to have it: a CA's that somebody else keeps.
#pragma once

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::csr {

// The Name `name` (DER) written anew: the same attributes, values and string types in the same order, the values of a
// multi-valued RDN as DER orders them. INVALID_ARGUMENT with reason "csr_subject" unless it has 1 to 16 attributes,
// all of the types that RFC 5280 §4.1.2.4 names, none twice in one RDN with the same value, each with text in the
// string type that its type asks for, without control characters, and within the upper bounds of RFC 5280 appendix A.1.
Result<Bytes> KeptSubject(ByteView name);

}  // namespace rootkeep::csr
