// The functions of PKCS#11 2.40, in one list from which tables and forwarders are made.
#pragma once

#include <p11-kit/pkcs11.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rootkeep::chaos {

// Name and what its arguments are, one character each: s session, o object, k key (an object, with an error code of its
// own), t slot; O where an object's handle is stored; . anything that both sides understand alike.
// C_GetFunctionList is not in it: no fault can be injected there.
// clang-format off
#define RK_CHAOS_FUNCTIONS(X) \
  X(C_Initialize, ".") X(C_Finalize, ".") X(C_GetInfo, ".") X(C_GetSlotList, "...") X(C_GetSlotInfo, "t.") \
  X(C_GetTokenInfo, "t.") X(C_GetMechanismList, "t..") X(C_GetMechanismInfo, "t..") X(C_InitToken, "t...") \
  X(C_InitPIN, "s..") X(C_SetPIN, "s....") X(C_OpenSession, "t....") X(C_CloseSession, "s") \
  X(C_CloseAllSessions, "t") X(C_GetSessionInfo, "s.") X(C_GetOperationState, "s..") X(C_SetOperationState, "s..kk") \
  X(C_Login, "s...") X(C_Logout, "s") X(C_CreateObject, "s..O") X(C_CopyObject, "so..O") X(C_DestroyObject, "so") \
  X(C_GetObjectSize, "so.") X(C_GetAttributeValue, "so..") X(C_SetAttributeValue, "so..") \
  X(C_FindObjectsInit, "s..") X(C_FindObjects, "s...") X(C_FindObjectsFinal, "s") X(C_EncryptInit, "s.k") \
  X(C_Encrypt, "s....") X(C_EncryptUpdate, "s....") X(C_EncryptFinal, "s..") X(C_DecryptInit, "s.k") \
  X(C_Decrypt, "s....") X(C_DecryptUpdate, "s....") X(C_DecryptFinal, "s..") X(C_DigestInit, "s.") \
  X(C_Digest, "s....") X(C_DigestUpdate, "s..") X(C_DigestKey, "sk") X(C_DigestFinal, "s..") X(C_SignInit, "s.k") \
  X(C_Sign, "s....") X(C_SignUpdate, "s..") X(C_SignFinal, "s..") X(C_SignRecoverInit, "s.k") \
  X(C_SignRecover, "s....") X(C_VerifyInit, "s.k") X(C_Verify, "s....") X(C_VerifyUpdate, "s..") \
  X(C_VerifyFinal, "s..") X(C_VerifyRecoverInit, "s.k") X(C_VerifyRecover, "s....") \
  X(C_DigestEncryptUpdate, "s....") X(C_DecryptDigestUpdate, "s....") X(C_SignEncryptUpdate, "s....") \
  X(C_DecryptVerifyUpdate, "s....") X(C_GenerateKey, "s...O") X(C_GenerateKeyPair, "s.....OO") \
  X(C_WrapKey, "s.kk..") X(C_UnwrapKey, "s.k....O") X(C_DeriveKey, "s.k..O") X(C_SeedRandom, "s..") \
  X(C_GenerateRandom, "s..") X(C_GetFunctionStatus, "s") X(C_CancelFunction, "s") X(C_WaitForSlotEvent, "...")
// clang-format on

enum class Function : std::uint8_t {
#define RK_CHAOS_ENUMERATOR(name, arguments) name,
  RK_CHAOS_FUNCTIONS(RK_CHAOS_ENUMERATOR)
#undef RK_CHAOS_ENUMERATOR
};

std::string_view NameOf(Function function);
std::optional<Function> FunctionNamed(std::string_view name);

// The list's second column.
template <Function function>
inline constexpr std::string_view kArguments;
// Where it is in a function list.
template <Function function>
inline constexpr std::nullptr_t kMember = nullptr;
#define RK_CHAOS_TRAITS(name, arguments)                                    \
  template <>                                                               \
  inline constexpr std::string_view kArguments<Function::name> = arguments; \
  template <>                                                               \
  inline constexpr auto kMember<Function::name> = &CK_FUNCTION_LIST::name;
RK_CHAOS_FUNCTIONS(RK_CHAOS_TRAITS)
#undef RK_CHAOS_TRAITS

}  // namespace rootkeep::chaos
