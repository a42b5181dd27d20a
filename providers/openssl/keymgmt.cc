// Key managers: EC, RSA and ED25519.
#include "providers/openssl/keymgmt.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

#include <utility>

namespace rootkeep::provider {
namespace {

Key* KeyOf(void* key) noexcept { return static_cast<Key*>(key); }
const Key* KeyOf(const void* key) noexcept { return static_cast<const Key*>(key); }

struct FreePkeyCtx {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, FreePkeyCtx>;

template <Kind kKind>
void* NewKey(void* context) noexcept {
  return Key::New(*static_cast<Context*>(context), kKind);
}

void FreeKey(void* key) noexcept {
  if (key != nullptr) KeyOf(key)->Release();
}

// Takes what a decoder or the store made.
void* Load(const void* reference, std::size_t size) noexcept {
  if (size != sizeof(Key*)) return nullptr;
  return std::exchange(*static_cast<Key**>(const_cast<void*>(reference)), nullptr);
}

int Has(const void* key, int selection) noexcept {
  return static_cast<int>(key != nullptr && KeyOf(key)->Has(selection));
}

int Match(const void* a, const void* b, int selection) noexcept {
  const EVP_PKEY* x = KeyOf(a)->material();
  const EVP_PKEY* y = KeyOf(b)->material();
  if (x == nullptr || y == nullptr) return 0;
  ERR_set_mark();
  const unsigned wanted = static_cast<unsigned>(selection);
  const int equal = (wanted & kKeyPair) != 0 ? EVP_PKEY_eq(x, y) : EVP_PKEY_parameters_eq(x, y);
  ERR_pop_to_mark();
  return static_cast<int>(equal == 1);
}

int Validate(const void* key, int selection, int check) noexcept {
  const Key* subject = KeyOf(key);
  if (subject->material() == nullptr) return 0;
  const PkeyCtx context(EVP_PKEY_CTX_new_from_pkey(subject->context().library(), subject->material(), nullptr));
  if (context == nullptr) return 0;
  const unsigned wanted = static_cast<unsigned>(selection);
  const bool quick = check == OSSL_KEYMGMT_VALIDATE_QUICK_CHECK;
  // Of an agent's key there is only the public half to look at.
  if ((wanted & kPrivate) != 0 && subject->agent() == nullptr) {
    // EVP_PKEY_check looks at both halves and whether they belong together, where one may be all that there is.
    if ((wanted & kPublic) == 0) return static_cast<int>(EVP_PKEY_private_check(context.get()) == 1);
    return static_cast<int>(EVP_PKEY_check(context.get()) == 1);
  }
  if ((wanted & kKeyPair) != 0) {
    return static_cast<int>(
        (quick ? EVP_PKEY_public_check_quick(context.get()) : EVP_PKEY_public_check(context.get())) == 1);
  }
  if (subject->kind() != Kind::kEc) return 1;
  return static_cast<int>((quick ? EVP_PKEY_param_check_quick(context.get()) : EVP_PKEY_param_check(context.get())) ==
                          1);
}

// ---- in and out

bool Holds(const OSSL_PARAM params[], const char* name) noexcept {
  return OSSL_PARAM_locate_const(params, name) != nullptr;
}

int Import(void* key, int selection, const OSSL_PARAM params[]) noexcept {
  Key* target = KeyOf(key);
  if (target->agent() != nullptr) return 0;
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(target->context().library(), NameOf(target->kind()), nullptr));
  EVP_PKEY* made = nullptr;
  if (context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &made, selection, const_cast<OSSL_PARAM*>(params)) != 1) {
    return 0;
  }
  unsigned has = kParameters;
  const bool rsa = target->kind() == Kind::kRsa;
  if (Holds(params, rsa ? OSSL_PKEY_PARAM_RSA_D : OSSL_PKEY_PARAM_PRIV_KEY)) has |= kPrivate;
  if (Holds(params, rsa ? OSSL_PKEY_PARAM_RSA_N : OSSL_PKEY_PARAM_PUB_KEY) ||
      (target->kind() == Kind::kEd25519 && (has & kPrivate) != 0)) {
    has |= kPublic;
  }
  target->SetMaterial(Pkey(made), has & (static_cast<unsigned>(selection) | kParameters));
  return 1;
}

int Export(void* key, int selection, OSSL_CALLBACK* callback, void* argument) noexcept {
  const Key* source = KeyOf(key);
  const unsigned wanted = static_cast<unsigned>(selection);
  // This failure is how OpenSSL finds out that the signature has to be made here.
  if (source->agent() != nullptr && (wanted & kPrivate) != 0) return 0;
  if (source->material() == nullptr) return 0;
  OSSL_PARAM* params = nullptr;
  if (EVP_PKEY_todata(source->material(), selection, &params) != 1) return 0;
  const int taken = callback(params, argument);
  OSSL_PARAM_free(params);
  return taken;
}

Pkey CopyOf(const Key& key, unsigned selection) noexcept {
  if ((selection & kKeyPair) == kKeyPair || !key.Has(OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
      (key.agent() != nullptr && (selection & kPublic) != 0)) {
    if ((selection & kKeyPair) != 0) return Pkey(EVP_PKEY_dup(key.material()));
  }
  // A part of it, by way of its parameters.
  const PkeyCtx context(EVP_PKEY_CTX_new_from_name(key.context().library(), NameOf(key.kind()), nullptr));
  OSSL_PARAM* params = nullptr;
  EVP_PKEY* made = nullptr;
  if (context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1 &&
      EVP_PKEY_todata(key.material(), static_cast<int>(selection), &params) == 1) {
    (void)EVP_PKEY_fromdata(context.get(), &made, static_cast<int>(selection), params);
  }
  OSSL_PARAM_free(params);
  return Pkey(made);
}

void* Duplicate(const void* key, int selection) noexcept {
  const Key* source = KeyOf(key);
  const unsigned wanted = static_cast<unsigned>(selection);
  if (source->agent() != nullptr && (wanted & kPrivate) != 0) return const_cast<Key*>(source)->Share();
  if (source->material() == nullptr) return Key::New(source->context(), source->kind());
  Pkey copy = CopyOf(*source, wanted);
  if (copy == nullptr) return nullptr;
  unsigned has = kParameters;
  for (const unsigned part : {kPublic, kPrivate}) {
    if ((wanted & part) != 0 && source->Has(static_cast<int>(part))) has |= part;
  }
  return Key::New(source->context(), source->kind(), std::move(copy), has);
}

// ---- parameters

// As OpenSSL's own key managers have them; what a key does not have is left unset.
constexpr OSSL_PARAM Integer(const char* name) noexcept { return {name, OSSL_PARAM_INTEGER, nullptr, 0, 0}; }
constexpr OSSL_PARAM Number(const char* name) noexcept { return {name, OSSL_PARAM_UNSIGNED_INTEGER, nullptr, 0, 0}; }
constexpr OSSL_PARAM Text(const char* name) noexcept { return {name, OSSL_PARAM_UTF8_STRING, nullptr, 0, 0}; }
constexpr OSSL_PARAM Raw(const char* name) noexcept { return {name, OSSL_PARAM_OCTET_STRING, nullptr, 0, 0}; }
constexpr OSSL_PARAM kNoParam{nullptr, 0, nullptr, 0, 0};

#define RK_COMMON_PARAMS                                                                                    \
  Integer(OSSL_PKEY_PARAM_BITS), Integer(OSSL_PKEY_PARAM_SECURITY_BITS), Integer(OSSL_PKEY_PARAM_MAX_SIZE), \
      Text(OSSL_PKEY_PARAM_DEFAULT_DIGEST), Text(OSSL_PKEY_PARAM_MANDATORY_DIGEST), Text(kCustodyParam),    \
      Text(kVoucherParam), Integer(kNonExportableParam)
#define RK_EC_MATERIAL                                                                                          \
  Text(OSSL_PKEY_PARAM_GROUP_NAME), Text(OSSL_PKEY_PARAM_EC_ENCODING),                                          \
      Text(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT), Text(OSSL_PKEY_PARAM_EC_FIELD_TYPE),                    \
      Number(OSSL_PKEY_PARAM_EC_P), Number(OSSL_PKEY_PARAM_EC_A), Number(OSSL_PKEY_PARAM_EC_B),                 \
      Raw(OSSL_PKEY_PARAM_EC_GENERATOR), Number(OSSL_PKEY_PARAM_EC_ORDER), Number(OSSL_PKEY_PARAM_EC_COFACTOR), \
      Integer(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH), Raw(OSSL_PKEY_PARAM_PUB_KEY), Number(OSSL_PKEY_PARAM_PRIV_KEY)
#define RK_RSA_MATERIAL Number(OSSL_PKEY_PARAM_RSA_N), Number(OSSL_PKEY_PARAM_RSA_E), Number(OSSL_PKEY_PARAM_RSA_D)

constexpr OSSL_PARAM kEcMaterial[] = {RK_EC_MATERIAL, kNoParam};
constexpr OSSL_PARAM kRsaMaterial[] = {RK_RSA_MATERIAL, kNoParam};
constexpr OSSL_PARAM kEdMaterial[] = {Raw(OSSL_PKEY_PARAM_PUB_KEY), Raw(OSSL_PKEY_PARAM_PRIV_KEY), kNoParam};
constexpr OSSL_PARAM kEcGettable[] = {RK_COMMON_PARAMS,
                                      RK_EC_MATERIAL,
                                      Raw(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY),
                                      Number(OSSL_PKEY_PARAM_EC_PUB_X),
                                      Number(OSSL_PKEY_PARAM_EC_PUB_Y),
                                      Integer(OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS),
                                      kNoParam};
constexpr OSSL_PARAM kRsaGettable[] = {RK_COMMON_PARAMS, RK_RSA_MATERIAL, kNoParam};
constexpr OSSL_PARAM kEdGettable[] = {RK_COMMON_PARAMS, Raw(OSSL_PKEY_PARAM_PUB_KEY), Raw(OSSL_PKEY_PARAM_PRIV_KEY),
                                      kNoParam};
constexpr OSSL_PARAM kSettable[] = {Raw(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY), Integer(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH),
                                    Text(OSSL_PKEY_PARAM_EC_ENCODING), Text(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT),
                                    kNoParam};

template <Kind kKind>
const OSSL_PARAM* MaterialTypes(int /*selection*/) noexcept {
  return kKind == Kind::kEc ? kEcMaterial : kKind == Kind::kRsa ? kRsaMaterial : kEdMaterial;
}

template <Kind kKind>
const OSSL_PARAM* GettableParams(void* /*context*/) noexcept {
  return kKind == Kind::kEc ? kEcGettable : kKind == Kind::kRsa ? kRsaGettable : kEdGettable;
}

const OSSL_PARAM* SettableParams(void* /*context*/) noexcept { return kSettable; }

// What is known of a key of an agent's only. True when nothing of it was asked for.
bool GetAgentParams(const AgentKey& agent, OSSL_PARAM params[]) noexcept {
  const auto set = [params](const char* name, const char* text) {
    OSSL_PARAM* wanted = OSSL_PARAM_locate(params, name);
    return wanted == nullptr || OSSL_PARAM_set_utf8_string(wanted, text) == 1;
  };
  OSSL_PARAM* kept = OSSL_PARAM_locate(params, kNonExportableParam);
  const bool told =
      kept == nullptr || OSSL_PARAM_set_int(kept, static_cast<int>(ClaimsNonExportable(agent.custody.facts))) == 1;
  // The agent signs SHA-384 digests with such a key and no others.
  const bool named = agent.type != keysocket::WireType::kEcP384 || set(OSSL_PKEY_PARAM_DEFAULT_DIGEST, "SHA384");
  return told && named && set(kCustodyParam, Describe(agent.custody.facts).c_str()) &&
         set(kVoucherParam, VoucherText(agent.custody.voucher));
}

int GetParams(void* key, OSSL_PARAM params[]) noexcept {
  const Key* subject = KeyOf(key);
  if (subject->material() == nullptr || EVP_PKEY_get_params(subject->material(), params) != 1) return 0;
  return static_cast<int>(subject->agent() == nullptr || GetAgentParams(*subject->agent(), params));
}

int SetParams(void* key, const OSSL_PARAM params[]) noexcept {
  Key* subject = KeyOf(key);
  if (params == nullptr || params->key == nullptr) return 1;
  if (subject->agent() != nullptr || subject->material() == nullptr ||
      EVP_PKEY_set_params(subject->material(), const_cast<OSSL_PARAM*>(params)) != 1) {
    return 0;
  }
  if (Holds(params, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY)) subject->Add(kPublic);
  return 1;
}

template <Kind kKind>
const char* OperationName(int operation) noexcept {
  if (operation == OSSL_OP_SIGNATURE) {
    return kKind == Kind::kEc ? kEcdsaName : kKind == Kind::kRsa ? kRsaName : kEd25519Name;
  }
  return kKind == Kind::kEc && operation == OSSL_OP_KEYEXCH ? "ECDH" : nullptr;
}

template <Kind kKind, bool kCreateOnly>
const OSSL_DISPATCH kManager[] = {
    Entry<OSSL_FUNC_keymgmt_new_fn>(OSSL_FUNC_KEYMGMT_NEW, NewKey<kKind>),
    Entry<OSSL_FUNC_keymgmt_free_fn>(OSSL_FUNC_KEYMGMT_FREE, FreeKey),
    Entry<OSSL_FUNC_keymgmt_load_fn>(OSSL_FUNC_KEYMGMT_LOAD, Load),
    Entry<OSSL_FUNC_keymgmt_has_fn>(OSSL_FUNC_KEYMGMT_HAS, Has),
    Entry<OSSL_FUNC_keymgmt_match_fn>(OSSL_FUNC_KEYMGMT_MATCH, Match),
    Entry<OSSL_FUNC_keymgmt_validate_fn>(OSSL_FUNC_KEYMGMT_VALIDATE, Validate),
    Entry<OSSL_FUNC_keymgmt_dup_fn>(OSSL_FUNC_KEYMGMT_DUP, Duplicate),
    Entry<OSSL_FUNC_keymgmt_import_fn>(OSSL_FUNC_KEYMGMT_IMPORT, Import),
    Entry<OSSL_FUNC_keymgmt_import_types_fn>(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, MaterialTypes<kKind>),
    Entry<OSSL_FUNC_keymgmt_export_fn>(OSSL_FUNC_KEYMGMT_EXPORT, Export),
    Entry<OSSL_FUNC_keymgmt_export_types_fn>(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, MaterialTypes<kKind>),
    Entry<OSSL_FUNC_keymgmt_get_params_fn>(OSSL_FUNC_KEYMGMT_GET_PARAMS, GetParams),
    Entry<OSSL_FUNC_keymgmt_gettable_params_fn>(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, GettableParams<kKind>),
    Entry<OSSL_FUNC_keymgmt_set_params_fn>(OSSL_FUNC_KEYMGMT_SET_PARAMS, SetParams),
    Entry<OSSL_FUNC_keymgmt_settable_params_fn>(OSSL_FUNC_KEYMGMT_SETTABLE_PARAMS, SettableParams),
    Entry<OSSL_FUNC_keymgmt_query_operation_name_fn>(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, OperationName<kKind>),
    Entry<OSSL_FUNC_keymgmt_gen_init_fn>(OSSL_FUNC_KEYMGMT_GEN_INIT, GenInit<kKind, kCreateOnly>),
    Entry<OSSL_FUNC_keymgmt_gen_set_template_fn>(OSSL_FUNC_KEYMGMT_GEN_SET_TEMPLATE, GenSetTemplate),
    Entry<OSSL_FUNC_keymgmt_gen_set_params_fn>(OSSL_FUNC_KEYMGMT_GEN_SET_PARAMS, GenSetParams),
    Entry<OSSL_FUNC_keymgmt_gen_settable_params_fn>(OSSL_FUNC_KEYMGMT_GEN_SETTABLE_PARAMS, GenSettableParams),
    Entry<OSSL_FUNC_keymgmt_gen_fn>(OSSL_FUNC_KEYMGMT_GEN, Gen),
    Entry<OSSL_FUNC_keymgmt_gen_cleanup_fn>(OSSL_FUNC_KEYMGMT_GEN_CLEANUP, GenCleanup),
    {0, nullptr}};

constexpr const char* kEcNames = "EC:id-ecPublicKey:1.2.840.10045.2.1";
constexpr const char* kRsaNames = "RSA:rsaEncryption:1.2.840.113549.1.1.1";
constexpr const char* kEdNames = "ED25519:1.3.101.112";

// Where names are equal OpenSSL takes the first whose properties match.
const OSSL_ALGORITHM kKeyManagers[] = {
    {kEcNames, kKeysProperty, kManager<Kind::kEc, false>, "EC keys of an agent"},
    {kRsaNames, kKeysProperty, kManager<Kind::kRsa, false>, "RSA keys of an agent"},
    {kEdNames, kKeysProperty, kManager<Kind::kEd25519, false>, "Ed25519 keys of an agent"},
    {kEcNames, kCreateProperty, kManager<Kind::kEc, true>, "EC keys made in an agent"},
    {kRsaNames, kCreateProperty, kManager<Kind::kRsa, true>, "RSA keys made in an agent"},
    {kEdNames, kCreateProperty, kManager<Kind::kEd25519, true>, "Ed25519 keys made in an agent"},
    {nullptr, nullptr, nullptr, nullptr}};

}  // namespace

const OSSL_ALGORITHM* KeyManagers() noexcept { return kKeyManagers; }

}  // namespace rootkeep::provider
