// A token whose PIN is looked after: found, not logged in to.
#pragma once

#include <memory>

#include "keystore/key_info.h"
#include "tools/rootkeep/token_options.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

struct PinToken {
  TokenPlace place;
  std::shared_ptr<pkcs11::Module> module;
  std::shared_ptr<pkcs11::PinLatch> record;  // of the daemon's state, where there is one
  DeviceInfo device;
};

// `sender` says which PIN is to be tried: the one that the record is about, or a new one.
Result<PinToken> FindPinToken(const TokenOptions& options, pkcs11::PinSender sender);

// Logs in to it once with the PIN at `source`. FAILED_PRECONDITION "pin_latched" when the token refuses it, or when it
// is on record that it did.
Status TryPin(const PinToken& token, const pkcs11::PinSource& source);

}  // namespace rootkeep::cli
