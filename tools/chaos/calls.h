// Calls that need more than forwarding, by what they are about. Each puts its functions into the list.
#pragma once

#include <p11-kit/pkcs11.h>

namespace rootkeep::chaos {

void InstallModuleCalls(CK_FUNCTION_LIST& list);   // C_Initialize, C_Finalize
void InstallSlotCalls(CK_FUNCTION_LIST& list);     // slots as they are numbered, tokens that are away
void InstallSessionCalls(CK_FUNCTION_LIST& list);  // sessions and logins
void InstallObjectCalls(CK_FUNCTION_LIST& list);   // searches, keys swapped for others
void InstallSignCalls(CK_FUNCTION_LIST& list);     // wrong signatures

}  // namespace rootkeep::chaos
