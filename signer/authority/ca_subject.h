// What a CaSubject becomes in a certificate or a request.
#pragma once

#include "keystore/base/result.h"
#include "signer/authority/ca_certificate.h"
#include "signer/issuance.h"

namespace rootkeep {

// A decision with profile, subject, names and key; times are the caller's. INVALID_ARGUMENT with reason "ca_subject".
Result<Decision> CaDecisionFor(const CaSubject& subject, const Profile& profile, ByteView spki);

}  // namespace rootkeep
