#include "tools/rootkeep/token_place.h"

#include "keystore/pkcs11/store.h"
#include "tools/hardware/tpm_opener.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {

Result<OpenToken> OpenTokenAt(const TokenPlace& place) {
  OpenToken token;
  if (place.tpm) {
    TpmOpener opener;
    token.scheme = UriScheme::kTpm2;
    RK_TRY(token.store, opener.Open(*place.tpm));
    RK_RETURN_IF_ERROR(token.store->health()->Probe(After(kTokenDeadline)));
    return token;
  }
  RK_TRY(token.module, pkcs11::Module::Load(place.module, std::make_shared<pkcs11::PinLatch>(place.pin_directory)));
  RK_RETURN_IF_ERROR(token.module->Initialise(After(kTokenDeadline)));
  RK_TRY(token.store, pkcs11::OpenStore(token.module, place.selector, place.pin));
  RK_RETURN_IF_ERROR(token.store->health()->Probe(After(kTokenDeadline)));
  return token;
}

}  // namespace rootkeep::cli
