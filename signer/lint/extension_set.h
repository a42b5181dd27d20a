// The extensions of a to-be-signed certificate, each by its own name.
#pragma once

#include <optional>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::lint {

struct ExtensionView {
  bool critical = false;
  ByteView value;  // contents of the OCTET STRING
};

// Unset: not there.
struct ExtensionSet {
  std::optional<ExtensionView> key_usage;
  std::optional<ExtensionView> ext_key_usage;
  std::optional<ExtensionView> basic_constraints;
  std::optional<ExtensionView> subject_key_id;
  std::optional<ExtensionView> authority_key_id;
  std::optional<ExtensionView> subject_alt_name;
  std::optional<ExtensionView> name_constraints;
};

// Reads the contents of Extensions. INTERNAL with reason "lint_extension" when one is malformed, unknown or there
// twice.
Result<ExtensionSet> ReadExtensions(ByteView extensions);

}  // namespace rootkeep::lint
