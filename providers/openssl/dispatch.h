// The tables that OpenSSL gets, and the parts that fill them.
#pragma once

#include <openssl/core.h>
#include <openssl/core_dispatch.h>

namespace rootkeep::provider {

// A function of a table. OpenSSL casts it back to its own type, which the OSSL_FUNC_..._fn given here is checked
// against.
template <typename Function>
constexpr OSSL_DISPATCH Entry(int id, Function* function) noexcept {
  return {id, reinterpret_cast<void (*)()>(function)};
}

const OSSL_ALGORITHM* KeyManagers() noexcept;
const OSSL_ALGORITHM* Signatures() noexcept;
const OSSL_ALGORITHM* Decoders() noexcept;
const OSSL_ALGORITHM* Encoders() noexcept;
const OSSL_ALGORITHM* Stores() noexcept;

const OSSL_ITEM* ReasonStrings(void* context) noexcept;
int GetCapabilities(void* context, const char* capability, OSSL_CALLBACK* callback, void* argument) noexcept;

// Property definitions. Key managers lack provider=rootkeep on purpose: who asks for keys by it must not get one that
// is not in a token, and who prefers it (default_properties = ?provider=rootkeep) must get ephemeral keys that are not.
inline constexpr const char* kOurs = "provider=rootkeep";
inline constexpr const char* kKeysProperty = "rootkeep.keys=yes";
inline constexpr const char* kCreateProperty = "rootkeep.create=yes";

// What the keys' query_operation_name says: names that nobody else's keys have, so that OpenSSL never brings those
// here.
inline constexpr const char* kEcdsaName = "ROOTKEEP-ECDSA";
inline constexpr const char* kRsaName = "ROOTKEEP-RSA";
inline constexpr const char* kEd25519Name = "ROOTKEEP-ED25519";

}  // namespace rootkeep::provider
