// Certificates and revocation lists that a configuration names by a file or by a directory of such files.
#pragma once

#include <string>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"

namespace rootkeep::config {

// DER of every certificate in the PEM file, or in the *.pem of the directory, in the order of their names; one at
// least. INVALID_ARGUMENT or an error of the file system, naming the file.
Result<std::vector<Bytes>> ReadCertificates(const std::string& path);

// DER of every revocation list in the file, or in the *.crl and *.pem of the directory: one a file in DER, which is how
// they are published, or PEM. Whose they are, and whether they count, is not looked at. Errors as above.
Result<std::vector<Bytes>> ReadRevocationLists(const std::string& path);

}  // namespace rootkeep::config
