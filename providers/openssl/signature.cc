// Signatures. Those of an agent's keys are made by the agent, of a digest that is computed here; everything else, which
// is verification and ordinary keys, by OpenSSL's default provider in the provider's own library context.
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "providers/openssl/dispatch.h"
#include "providers/openssl/signing.h"

namespace rootkeep::provider {
namespace {

struct FreePkeyCtx {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
struct FreeMdCtx {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

using Octets = keysocket::Octets;

enum class Doing : std::uint8_t { kSign, kVerify, kVerifyRecover, kDigestSign, kDigestVerify };

struct Operation {
  explicit Operation(Context& ours) noexcept : context(ours) {}

  Context& context;
  KeyHolder key;
  Doing doing = Doing::kSign;
  Signing signing;                                   // by the agent
  std::unique_ptr<EVP_MD_CTX, FreeMdCtx> digest;     // what it signs so far, or an ordinary digest operation
  std::unique_ptr<EVP_PKEY_CTX, FreePkeyCtx> plain;  // an ordinary operation on a digest

  [[nodiscard]] bool ByAgent() const noexcept {
    return key != nullptr && key->agent() != nullptr && (doing == Doing::kSign || doing == Doing::kDigestSign);
  }
  // Of an ordinary operation.
  [[nodiscard]] EVP_PKEY_CTX* Parameters() const noexcept {
    return plain != nullptr ? plain.get() : digest != nullptr ? EVP_MD_CTX_get_pkey_ctx(digest.get()) : nullptr;
  }
};

Operation* OperationOf(void* operation) noexcept { return static_cast<Operation*>(operation); }

void* NewContext(void* context, const char* /*properties*/) noexcept {
  return new (std::nothrow) Operation(*static_cast<Context*>(context));
}

void FreeContext(void* operation) noexcept { delete OperationOf(operation); }

void* DuplicateContext(void* operation) noexcept {
  const Operation& from = *OperationOf(operation);
  std::unique_ptr<Operation> to(new (std::nothrow) Operation(from.context));
  if (to == nullptr) return nullptr;
  if (from.key != nullptr) to->key.reset(from.key->Share());
  to->doing = from.doing;
  to->signing = from.signing;
  if (from.digest != nullptr) {
    to->digest.reset(EVP_MD_CTX_new());
    if (to->digest == nullptr || EVP_MD_CTX_copy_ex(to->digest.get(), from.digest.get()) != 1) return nullptr;
  }
  if (from.plain != nullptr) {
    to->plain.reset(EVP_PKEY_CTX_dup(from.plain.get()));
    if (to->plain == nullptr) return nullptr;
  }
  return to.release();
}

// ---- beginning

// A null key goes on with the one before.
bool Begin(Operation& operation, void* key, Doing doing) noexcept {
  if (key != nullptr) operation.key.reset(static_cast<Key*>(key)->Share());
  operation.doing = doing;
  operation.signing = {};
  operation.digest.reset();
  operation.plain.reset();
  return operation.key != nullptr && operation.key->material() != nullptr;
}

bool SetParams(Operation& operation, const OSSL_PARAM params[]) noexcept {
  if (params == nullptr || params->key == nullptr) return true;
  if (operation.ByAgent()) return operation.signing.Set(*operation.key, params);
  EVP_PKEY_CTX* ordinary = operation.Parameters();
  return ordinary != nullptr && EVP_PKEY_CTX_set_params(ordinary, params) == 1;
}

int InitPlain(void* context, void* key, const OSSL_PARAM params[], Doing doing) noexcept {
  Operation& operation = *OperationOf(context);
  if (!Begin(operation, key, doing)) return 0;
  if (!operation.ByAgent()) {
    operation.plain.reset(EVP_PKEY_CTX_new_from_pkey(operation.context.library(), operation.key->material(), nullptr));
    if (operation.plain == nullptr) return 0;
    const auto begin = doing == Doing::kSign     ? EVP_PKEY_sign_init
                       : doing == Doing::kVerify ? EVP_PKEY_verify_init
                                                 : EVP_PKEY_verify_recover_init;
    if (begin(operation.plain.get()) != 1) return 0;
  }
  return static_cast<int>(SetParams(operation, params));
}

int SignInit(void* context, void* key, const OSSL_PARAM params[]) noexcept {
  return InitPlain(context, key, params, Doing::kSign);
}
int VerifyInit(void* context, void* key, const OSSL_PARAM params[]) noexcept {
  return InitPlain(context, key, params, Doing::kVerify);
}

int VerifyRecoverInit(void* context, void* key, const OSSL_PARAM params[]) noexcept {
  return InitPlain(context, key, params, Doing::kVerifyRecover);
}

int InitDigest(void* context, const char* hash, void* key, const OSSL_PARAM params[], Doing doing) noexcept {
  Operation& operation = *OperationOf(context);
  if (!Begin(operation, key, doing)) return 0;
  if (operation.ByAgent()) {
    if (!operation.signing.ChooseHash(*operation.key, hash == nullptr ? "" : hash)) return 0;
    operation.signing.FixHash();
  } else {
    operation.digest.reset(EVP_MD_CTX_new());
    if (operation.digest == nullptr) return 0;
    const auto begin = doing == Doing::kDigestSign ? EVP_DigestSignInit_ex : EVP_DigestVerifyInit_ex;
    const char* name = hash == nullptr || *hash == '\0' ? nullptr : hash;
    if (begin(operation.digest.get(), nullptr, name, operation.context.library(), nullptr, operation.key->material(),
              nullptr) != 1) {
      return 0;
    }
  }
  return static_cast<int>(SetParams(operation, params));
}

int DigestSignInit(void* context, const char* hash, void* key, const OSSL_PARAM params[]) noexcept {
  return InitDigest(context, hash, key, params, Doing::kDigestSign);
}
int DigestVerifyInit(void* context, const char* hash, void* key, const OSSL_PARAM params[]) noexcept {
  return InitDigest(context, hash, key, params, Doing::kDigestVerify);
}

// ---- by the agent

// `room` is what the caller has at `signature`; without one only the length is asked for.
int SignByAgent(Operation& operation, Octets input, std::uint8_t* signature, std::size_t* size,
                std::size_t room) noexcept {
  const Key& key = *operation.key;
  const auto most = static_cast<std::size_t>(EVP_PKEY_get_size(key.material()));
  if (signature == nullptr) {
    *size = most;
    return 1;
  }
  const AgentKey& agent = *key.agent();
  const auto scheme = operation.signing.Scheme(key);
  if (!scheme) {
    operation.context.Raise(Reason::kScheme, "key %s: no scheme of its has this digest, padding and salt",
                            agent.uri.c_str());
    return 0;
  }
  if (room < most) {
    operation.context.Raise(Reason::kInput, "there is room for %zu octets of signature, not for %zu", room, most);
    return 0;
  }
  keysocket::SignCall call;
  call.key = agent.fingerprint;
  call.scheme = *scheme;
  call.input = input;
  keysocket::Signature made;
  keysocket::Failure failure;
  if (!agent.client->Sign(call, operation.context.Deadline(), made, failure)) {
    operation.context.Raise(failure, agent.uri.view());
    return 0;
  }
  // Only an ECDSA signature may be shorter than the longest.
  if (made.size == 0 || made.size > most || (key.kind() != Kind::kEc && made.size != most)) {
    operation.context.Raise(Reason::kAgent, "key %s: a signature of %zu octets", agent.uri.c_str(), made.size);
    return 0;
  }
  std::copy_n(made.octets.begin(), made.size, signature);
  *size = made.size;
  return 1;
}

int SignMessageByAgent(Operation& operation, Octets message, std::uint8_t* signature, std::size_t* size,
                       std::size_t room) noexcept {
  const Key& key = *operation.key;
  if (signature == nullptr) return SignByAgent(operation, {}, nullptr, size, room);
  if (key.kind() == Kind::kEd25519) {
    if (message.size() > keysocket::kMaxInput) {
      operation.context.Raise(Reason::kInput, "an agent signs Ed25519 messages of up to %zu octets, not %zu",
                              keysocket::kMaxInput, message.size());
      return 0;
    }
    return SignByAgent(operation, message, signature, size, room);
  }
  const EVP_MD* hash = operation.signing.hash() ? operation.context.Digest(*operation.signing.hash()) : nullptr;
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (hash == nullptr || EVP_Digest(message.data(), message.size(), digest.data(), &length, hash, nullptr) != 1) {
    return 0;
  }
  return SignByAgent(operation, Octets(digest).first(length), signature, size, room);
}

bool AddToDigest(Operation& operation, Octets part) noexcept {
  if (operation.digest == nullptr) {
    if (!operation.signing.hash()) {
      operation.context.Raise(Reason::kInput, "Ed25519 signs a message in one piece");
      return false;
    }
    const EVP_MD* hash = operation.context.Digest(*operation.signing.hash());
    operation.digest.reset(EVP_MD_CTX_new());
    if (hash == nullptr || operation.digest == nullptr ||
        EVP_DigestInit_ex2(operation.digest.get(), hash, nullptr) != 1) {
      operation.digest.reset();
      return false;
    }
  }
  return EVP_DigestUpdate(operation.digest.get(), part.data(), part.size()) == 1;
}

// ---- what OpenSSL calls

int Sign(void* context, std::uint8_t* signature, std::size_t* size, std::size_t room, const std::uint8_t* digest,
         std::size_t digest_size) noexcept {
  Operation& operation = *OperationOf(context);
  if (!operation.ByAgent()) {
    *size = room;
    return static_cast<int>(EVP_PKEY_sign(operation.plain.get(), signature, size, digest, digest_size) == 1);
  }
  if (operation.key->kind() == Kind::kEd25519) {
    operation.context.Raise(Reason::kScheme, "Ed25519 signs messages, not digests");
    return 0;
  }
  if (!operation.signing.hash()) operation.signing.ChooseUsualHash(*operation.key);
  const auto hash = operation.signing.hash();
  if (signature != nullptr && (!hash || SizeOf(*hash) != digest_size)) {
    operation.context.Raise(Reason::kInput, "key %s: %s of %zu octets", operation.key->agent()->uri.c_str(),
                            hash ? "a digest" : "no digest is named, and input", digest_size);
    return 0;
  }
  return SignByAgent(operation, Octets(digest, digest_size), signature, size, room);
}

int Verify(void* context, const std::uint8_t* signature, std::size_t size, const std::uint8_t* digest,
           std::size_t digest_size) noexcept {
  return static_cast<int>(EVP_PKEY_verify(OperationOf(context)->plain.get(), signature, size, digest, digest_size) ==
                          1);
}

int VerifyRecover(void* context, std::uint8_t* recovered, std::size_t* size, std::size_t room,
                  const std::uint8_t* signature, std::size_t signature_size) noexcept {
  *size = room;
  return static_cast<int>(
      EVP_PKEY_verify_recover(OperationOf(context)->plain.get(), recovered, size, signature, signature_size) == 1);
}

int DigestSignUpdate(void* context, const std::uint8_t* part, std::size_t size) noexcept {
  Operation& operation = *OperationOf(context);
  if (operation.ByAgent()) return static_cast<int>(AddToDigest(operation, Octets(part, size)));
  return static_cast<int>(EVP_DigestSignUpdate(operation.digest.get(), part, size) == 1);
}

int DigestSignFinal(void* context, std::uint8_t* signature, std::size_t* size, std::size_t room) noexcept {
  Operation& operation = *OperationOf(context);
  if (!operation.ByAgent()) {
    *size = room;
    return static_cast<int>(EVP_DigestSignFinal(operation.digest.get(), signature, size) == 1);
  }
  if (signature == nullptr) return SignByAgent(operation, {}, nullptr, size, room);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (!AddToDigest(operation, {}) || EVP_DigestFinal_ex(operation.digest.get(), digest.data(), &length) != 1) return 0;
  operation.digest.reset();
  return SignByAgent(operation, Octets(digest).first(length), signature, size, room);
}

int DigestSign(void* context, std::uint8_t* signature, std::size_t* size, std::size_t room, const std::uint8_t* message,
               std::size_t message_size) noexcept {
  Operation& operation = *OperationOf(context);
  if (operation.ByAgent() && operation.digest == nullptr) {
    return SignMessageByAgent(operation, Octets(message, message_size), signature, size, room);
  }
  if (operation.ByAgent()) {
    // The end of a message that was begun in pieces.
    if (signature != nullptr && !AddToDigest(operation, Octets(message, message_size))) return 0;
    return DigestSignFinal(context, signature, size, room);
  }
  *size = room;
  return static_cast<int>(EVP_DigestSign(operation.digest.get(), signature, size, message, message_size) == 1);
}

int DigestVerifyUpdate(void* context, const std::uint8_t* part, std::size_t size) noexcept {
  return static_cast<int>(EVP_DigestVerifyUpdate(OperationOf(context)->digest.get(), part, size) == 1);
}

int DigestVerifyFinal(void* context, const std::uint8_t* signature, std::size_t size) noexcept {
  return static_cast<int>(EVP_DigestVerifyFinal(OperationOf(context)->digest.get(), signature, size) == 1);
}

int DigestVerify(void* context, const std::uint8_t* signature, std::size_t size, const std::uint8_t* message,
                 std::size_t message_size) noexcept {
  return static_cast<int>(
      EVP_DigestVerify(OperationOf(context)->digest.get(), signature, size, message, message_size) == 1);
}

int GetParams(void* context, OSSL_PARAM params[]) noexcept {
  const Operation& operation = *OperationOf(context);
  if (operation.ByAgent()) return static_cast<int>(operation.signing.Get(*operation.key, params));
  EVP_PKEY_CTX* ordinary = operation.Parameters();
  return static_cast<int>(ordinary != nullptr && EVP_PKEY_CTX_get_params(ordinary, params) == 1);
}

int SetParameters(void* context, const OSSL_PARAM params[]) noexcept {
  return static_cast<int>(SetParams(*OperationOf(context), params));
}

const OSSL_PARAM* GettableParams(void* /*operation*/, void* /*context*/) noexcept { return GettableSigning(); }
const OSSL_PARAM* SettableParams(void* /*operation*/, void* /*context*/) noexcept { return SettableSigning(); }

// Whatever the key is: a key manager's operation name leads to its own.
const OSSL_DISPATCH kSignature[] = {
    Entry<OSSL_FUNC_signature_newctx_fn>(OSSL_FUNC_SIGNATURE_NEWCTX, NewContext),
    Entry<OSSL_FUNC_signature_freectx_fn>(OSSL_FUNC_SIGNATURE_FREECTX, FreeContext),
    Entry<OSSL_FUNC_signature_dupctx_fn>(OSSL_FUNC_SIGNATURE_DUPCTX, DuplicateContext),
    Entry<OSSL_FUNC_signature_sign_init_fn>(OSSL_FUNC_SIGNATURE_SIGN_INIT, SignInit),
    Entry<OSSL_FUNC_signature_sign_fn>(OSSL_FUNC_SIGNATURE_SIGN, Sign),
    Entry<OSSL_FUNC_signature_verify_init_fn>(OSSL_FUNC_SIGNATURE_VERIFY_INIT, VerifyInit),
    Entry<OSSL_FUNC_signature_verify_fn>(OSSL_FUNC_SIGNATURE_VERIFY, Verify),
    Entry<OSSL_FUNC_signature_verify_recover_init_fn>(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER_INIT, VerifyRecoverInit),
    Entry<OSSL_FUNC_signature_verify_recover_fn>(OSSL_FUNC_SIGNATURE_VERIFY_RECOVER, VerifyRecover),
    Entry<OSSL_FUNC_signature_digest_sign_init_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, DigestSignInit),
    Entry<OSSL_FUNC_signature_digest_sign_update_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_UPDATE, DigestSignUpdate),
    Entry<OSSL_FUNC_signature_digest_sign_final_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_FINAL, DigestSignFinal),
    Entry<OSSL_FUNC_signature_digest_sign_fn>(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, DigestSign),
    Entry<OSSL_FUNC_signature_digest_verify_init_fn>(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_INIT, DigestVerifyInit),
    Entry<OSSL_FUNC_signature_digest_verify_update_fn>(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_UPDATE, DigestVerifyUpdate),
    Entry<OSSL_FUNC_signature_digest_verify_final_fn>(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY_FINAL, DigestVerifyFinal),
    Entry<OSSL_FUNC_signature_digest_verify_fn>(OSSL_FUNC_SIGNATURE_DIGEST_VERIFY, DigestVerify),
    Entry<OSSL_FUNC_signature_get_ctx_params_fn>(OSSL_FUNC_SIGNATURE_GET_CTX_PARAMS, GetParams),
    Entry<OSSL_FUNC_signature_gettable_ctx_params_fn>(OSSL_FUNC_SIGNATURE_GETTABLE_CTX_PARAMS, GettableParams),
    Entry<OSSL_FUNC_signature_set_ctx_params_fn>(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, SetParameters),
    Entry<OSSL_FUNC_signature_settable_ctx_params_fn>(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, SettableParams),
    {0, nullptr}};

const OSSL_ALGORITHM kSignatures[] = {{kEcdsaName, kOurs, kSignature, "ECDSA by an agent"},
                                      {kRsaName, kOurs, kSignature, "RSA signatures by an agent"},
                                      {kEd25519Name, kOurs, kSignature, "Ed25519 by an agent"},
                                      {nullptr, nullptr, nullptr, nullptr}};

}  // namespace

const OSSL_ALGORITHM* Signatures() noexcept { return kSignatures; }

}  // namespace rootkeep::provider
