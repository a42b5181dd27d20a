#include "tools/rootkeep/pin_token.h"

#include "keystore/pkcs11/store.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/find_token.h"

namespace rootkeep::cli {

Result<PinToken> FindPinToken(const TokenOptions& options, pkcs11::PinSender sender) {
  PinToken token;
  RK_TRY(token.place, FindTokenPlace(options));
  token.record = std::make_shared<pkcs11::PinLatch>(token.place.pin_directory, sender);
  RK_TRY(token.module, pkcs11::Module::Load(token.place.module, token.record));
  RK_RETURN_IF_ERROR(token.module->Initialise(After(kTokenDeadline)));
  RK_TRY(token.device, FindDevice(*token.module, token.place.selector));
  return token;
}

Status TryPin(const PinToken& token, const pkcs11::PinSource& source) {
  RK_TRY(const auto store, pkcs11::OpenStore(token.module, token.place.selector, source));
  return store->health()->Probe(After(kTokenDeadline));
}

}  // namespace rootkeep::cli
