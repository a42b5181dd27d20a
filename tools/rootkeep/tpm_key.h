// A key in this machine's TPM that a certificate is asked for.
#pragma once

#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "tools/rootkeep/options.h"
#include "tools/rootkeep/token_options.h"

namespace rootkeep::cli {

struct TpmKey {
  std::shared_ptr<KeyStore> store;  // what `signer` must not outlive
  std::shared_ptr<const Signer> signer;
  std::string evidence;  // that the key is there: IstioClientOptions::key_evidence
};

// Those that say where the TPM is.
void DeclareTpmKeyOptions(Options& options, TokenOptions& into);

// `uri` is a tpm2: URI; the TPM is options.tpm or, when that is empty, the URI's token. Errors as FindTpmPlace, FindKey
// and EvidenceFor, and as CheckPermitted with the catalogue of options.config's agent.
Result<TpmKey> OpenTpmKey(TokenOptions options, const std::string& uri);

}  // namespace rootkeep::cli
