// The parts of the key managers that are in files of their own.
#pragma once

#include "providers/openssl/dispatch.h"
#include "providers/openssl/key.h"

namespace rootkeep::provider {

// Selections in unsigned, as their constants are to be used.
inline constexpr unsigned kPrivate = OSSL_KEYMGMT_SELECT_PRIVATE_KEY;
inline constexpr unsigned kPublic = OSSL_KEYMGMT_SELECT_PUBLIC_KEY;
inline constexpr unsigned kParameters = OSSL_KEYMGMT_SELECT_ALL_PARAMETERS;
inline constexpr unsigned kKeyPair = OSSL_KEYMGMT_SELECT_KEYPAIR;

// generate.cc. With `CreateOnly` made in the agent, under the name that the caller gives for it (rootkeep-name) and not
// without; else an ordinary key, and none when there is such a name.
template <Kind kKind, bool kCreateOnly>
void* GenInit(void* context, int selection, const OSSL_PARAM params[]) noexcept;
int GenSetParams(void* generation, const OSSL_PARAM params[]) noexcept;
int GenSetTemplate(void* generation, void* key) noexcept;
const OSSL_PARAM* GenSettableParams(void* generation, void* context) noexcept;
void* Gen(void* generation, OSSL_CALLBACK* callback, void* argument) noexcept;
void GenCleanup(void* generation) noexcept;

}  // namespace rootkeep::provider
