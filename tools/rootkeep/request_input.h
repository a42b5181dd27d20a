// What an operator gives `rootkeep request`, looked at before anything is sent: gRPC would take it and fail later, in
// words about a connection.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/base/secret_bytes.h"

namespace rootkeep::cli {

// host:port with a port of 1 to 65535; an IPv6 host stands in brackets.
Status CheckAddress(std::string_view address);

// Strings of a protobuf message are UTF-8; `what` names this one.
Status CheckUtf8(std::string_view what, std::string_view text);

// The PEM file `path` for which a server's certificate is checked.
Result<std::string> ReadRoots(const std::string& path);

// The first certificate of `chain_pem` is for `key_pem`.
Status CheckKeyPair(const std::string& chain_pem, const SecretBytes& key_pem);

}  // namespace rootkeep::cli
