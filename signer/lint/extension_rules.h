// What each extension of a certificate must say.
#pragma once

#include "keystore/base/result.h"
#include "signer/certificate/issuer.h"
#include "signer/issuance.h"
#include "signer/lint/extension_set.h"

namespace rootkeep::lint {

// The first broken rule about usages, constraints and key identifiers; reasons as in lint.h.
Status CheckExtensions(const ExtensionSet& set, const Decision& decision, const IssuerView& issuer);

}  // namespace rootkeep::lint
