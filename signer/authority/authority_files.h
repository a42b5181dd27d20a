// An authority's directory in the state directory: what `ca install` writes and the daemon reads (keystore/NAMES.md).
#pragma once

#include <cstdint>
#include <string>

#include "keystore/base/result.h"

namespace rootkeep {

// The content of <state>/authorities/<name>/<generation>/.
struct AuthorityFiles {
  std::string chain_pem;   // chain.pem: issuing certificate first, then those above it without the root
  std::string bundle_pem;  // bundle.pem: the trust bundle, one or more roots
  std::string key_uri;     // key.uri: the key's URI without a PIN source; no line break
};

// The highest generation that has all its files. NOT_FOUND with a hint when there is none; otherwise the errno's code.
Result<std::uint32_t> NewestGeneration(const std::string& state_directory, const std::string& name);

// One generation. NOT_FOUND when a file is missing, RESOURCE_EXHAUSTED for one above 1 MiB.
Result<AuthorityFiles> ReadAuthorityFiles(const std::string& state_directory, const std::string& name,
                                          std::uint32_t generation);

// Writes a generation that does not exist yet; ALREADY_EXISTS otherwise: what has issued is never overwritten.
// Directories have mode 0700, files 0600. Whole or not at all: made beside and renamed.
Status WriteAuthorityFiles(const std::string& state_directory, const std::string& name, std::uint32_t generation,
                           const AuthorityFiles& files);

}  // namespace rootkeep
