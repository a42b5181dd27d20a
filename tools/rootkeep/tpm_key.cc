#include "tools/rootkeep/tpm_key.h"

#include "keystore/tpm2/uri.h"
#include "tools/attestation/key_evidence.h"
#include "tools/hardware/tpm_opener.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/find_key.h"
#include "tools/rootkeep/key_catalog.h"
#include "tools/rootkeep/tpm_place.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {

void DeclareTpmKeyOptions(Options& options, TokenOptions& into) {
  options.Text("--config", into.config, "rootkeep-agent's configuration, which has the TPM of --key tpm2:...")
      .Text("--tpm", into.tpm,
            "The TPM's name there, or one's own beside --tcti and --directory; token= in --key says it too")
      .Text("--tcti", into.tcti, "How to reach the TPM, for example device:/dev/tpmrm0, when no agent has it")
      .Text("--directory", into.directory, "Where its key files are");
}

Result<TpmKey> OpenTpmKey(TokenOptions options, const std::string& uri) {
  const auto named = tpm2::ParseUri(uri);
  if (!named.ok()) return UsageError("--key: " + named.error().message());
  if (options.tpm.empty()) options.tpm = named->token_label;
  if (options.tpm.empty()) return UsageError("which TPM? give --tpm, or token= in --key");
  RK_TRY(const TokenPlace place, FindTpmPlace(options));
  TpmOpener opener;
  TpmKey key;
  RK_TRY(key.store, opener.Open(*place.tpm));
  RK_RETURN_IF_ERROR(key.store->health()->Probe(After(kTokenDeadline)));
  RK_TRY(key.signer, FindKey(*key.store, uri, UriScheme::kTpm2));
  RK_TRY(const std::string state, CatalogStateOf(options, ""));
  // What it signs says which key it is, and nothing else.
  RK_RETURN_IF_ERROR(CheckInCatalog(state, key.signer->info(), {}));
  const TpmOpener::Opened& tpm = opener.at(place.tpm->name);
  RK_TRY(key.evidence, EvidenceFor(std::make_shared<tpm2::KeyLoader>(tpm.tpm, tpm.options), key.signer->info().label,
                                   After(kTokenDeadline)));
  return key;
}

}  // namespace rootkeep::cli
