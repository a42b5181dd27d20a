// Tokens as a module lists them, and the one that a configuration means.
#pragma once

#include <p11-kit/pkcs11.h>

#include <optional>
#include <vector>

#include "keystore/base/result.h"
#include "keystore/key_info.h"
#include "keystore/key_store.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/token_selector.h"

namespace rootkeep::pkcs11 {

struct Token {
  CK_SLOT_ID slot = 0;
  DeviceInfo device;
  CK_FLAGS flags = 0;         // CKF_LOGIN_REQUIRED and so on (PKCS#11 2.40 §3.2)
  CK_ULONG max_sessions = 0;  // 0: no limit known
  std::optional<DeviceSpace> space;
};

// Every token that is present and initialised.
Result<std::vector<Token>> PresentTokens(const Module::Use& use);

// The slot of a token that has not been initialised. NOT_FOUND when there is none.
Result<CK_SLOT_ID> FreeSlot(const Module::Use& use);

// The token in `slot` as it describes itself.
Result<Token> DescribeToken(const Module::Use& use, CK_SLOT_ID slot);

// UNAVAILABLE "token_absent" when none matches, FAILED_PRECONDITION "token_ambiguous" when several do.
Result<Token> FindToken(const Module::Use& use, const TokenSelector& selector);

}  // namespace rootkeep::pkcs11
