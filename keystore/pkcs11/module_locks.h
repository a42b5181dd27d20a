// Mutexes for a module that computes in this process (PKCS#11 2.40 §4.2.1, CK_C_INITIALIZE_ARGS).
#pragma once

#include <p11-kit/pkcs11.h>

namespace rootkeep::pkcs11 {

// Has the module make its mutexes here. They wait awake for a moment before they sleep (glibc's adaptive mutexes).
// Functions of ours that it may call until C_Finalize, from any thread; they answer with the codes of §4.2.1.
void OfferMutexes(CK_C_INITIALIZE_ARGS& arguments);

}  // namespace rootkeep::pkcs11
