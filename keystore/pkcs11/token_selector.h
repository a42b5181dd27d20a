// Which token is meant: by its label, its serial number or both, never by a slot number.
#pragma once

#include <string>

namespace rootkeep::pkcs11 {

// An empty field is not compared; one of them must be set.
struct TokenSelector {
  std::string label;
  std::string serial;
};

}  // namespace rootkeep::pkcs11
