// An issued chain in words: who, from and until when, signed by which key in which token, and what is known about it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "keystore/key_info.h"
#include "tools/rootkeep/certificate_facts.h"

namespace rootkeep::cli {

// A few lines a certificate. `keys` are the keys of tokens at hand; a signing key that is not among them is named by
// its certificate only.
std::vector<std::string> ChainWords(const std::vector<CertificateFacts>& chain, const std::vector<KeyInfo>& keys);

nlohmann::ordered_json ChainJson(const std::vector<CertificateFacts>& chain, const std::vector<KeyInfo>& keys);

}  // namespace rootkeep::cli
