// What a certificate's subject and alternative names must say.
#pragma once

#include <optional>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "signer/issuance.h"
#include "signer/lint/extension_set.h"

namespace rootkeep::lint {

// `subject` (DER Name) is the decided one; reason "lint_subject".
Status CheckSubject(ByteView subject, const Decision& decision);

// The alternative names are the decided ones; reason "lint_names", or "lint_extension" for the criticality.
Status CheckAltNames(const std::optional<ExtensionView>& extension, const Decision& decision);

}  // namespace rootkeep::lint
