// Key generation: into the agent under rootkeep.create=yes with a name there, and ordinary keys.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include <utility>

#include "providers/openssl/keymgmt.h"
#include "providers/openssl/load.h"

namespace rootkeep::provider {
namespace {

constexpr const char* kNameParam = "rootkeep-name";
constexpr const char* kGenerationParam = "rootkeep-generation";

struct FreePkeyCtx {
  void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
};
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, FreePkeyCtx>;

struct Generation {
  Context& context;
  Kind kind;
  unsigned selection;
  bool create_only;
  PkeyCtx ordinary;  // what makes the key when no agent does
  FixedText<keysocket::kMaxLabel> name;
  unsigned generation = 1;
  FixedText<63> group;
  std::size_t bits = 2048;
  bool usual_exponent = true;
};

Generation* GenerationOf(void* generation) noexcept { return static_cast<Generation*>(generation); }

bool Start(const Generation& generation, EVP_PKEY_CTX* ordinary) noexcept {
  if ((generation.selection & kKeyPair) != 0) return EVP_PKEY_keygen_init(ordinary) == 1;
  return EVP_PKEY_paramgen_init(ordinary) == 1;
}

bool TakeText(const OSSL_PARAM params[], const char* name, auto& out) noexcept {
  const OSSL_PARAM* param = OSSL_PARAM_locate_const(params, name);
  if (param == nullptr) return true;
  const char* text = nullptr;
  return OSSL_PARAM_get_utf8_string_ptr(param, &text) == 1 && text != nullptr && out.Set(text);
}

std::optional<keysocket::WireType> TypeOf(const Generation& generation) noexcept {
  using keysocket::WireType;
  if (generation.kind == Kind::kEd25519) return WireType::kEd25519;
  if (generation.kind == Kind::kRsa) {
    if (!generation.usual_exponent) return std::nullopt;
    if (generation.bits == 2048) return WireType::kRsa2048;
    if (generation.bits == 3072) return WireType::kRsa3072;
    if (generation.bits == 4096) return WireType::kRsa4096;
    return std::nullopt;
  }
  for (const char* name : {"P-256", "prime256v1", "secp256r1"}) {
    if (EqualsIgnoringCase(generation.group.view(), name)) return WireType::kEcP256;
  }
  for (const char* name : {"P-384", "secp384r1"}) {
    if (EqualsIgnoringCase(generation.group.view(), name)) return WireType::kEcP384;
  }
  return std::nullopt;
}

Key* MakeInAgent(const Generation& generation) noexcept {
  Context& context = generation.context;
  const auto type = TypeOf(generation);
  if (!type) {
    context.Raise(Reason::kParameter,
                  "an agent makes EC keys of the group P-256 or P-384 and RSA keys of 2048, 3072 or 4096 bits");
    return nullptr;
  }
  keysocket::Client* client = context.ClientOf(context.socket());
  if (client == nullptr) return nullptr;
  const keysocket::CreateCall call{.type = *type, .generation = generation.generation, .name = generation.name.view()};
  keysocket::ReplyMemory memory;
  keysocket::KeyDescription made;
  keysocket::Failure failure;
  if (!client->Create(call, context.Deadline(), memory, made, failure)) {
    context.Raise(failure, generation.name.view());
    return nullptr;
  }
  if (made.type != *type) {
    context.Raise(Reason::kAgent, "the agent made a key of another type");
    return nullptr;
  }
  return MakeKey(context, *client, made).release();
}

Key* MakeOrdinary(const Generation& generation) noexcept {
  EVP_PKEY* made = nullptr;
  generation.context.KeepLibrary();  // a generation that fails may have used its random generator too
  if (EVP_PKEY_generate(generation.ordinary.get(), &made) != 1) return nullptr;
  const unsigned has = (generation.selection & kKeyPair) != 0 ? kKeyPair | kParameters : kParameters;
  return Key::New(generation.context, generation.kind, Pkey(made), has);
}

}  // namespace

template <Kind kKind, bool kCreateOnly>
void* GenInit(void* context, int selection, const OSSL_PARAM params[]) noexcept {
  auto& ours = *static_cast<Context*>(context);
  std::unique_ptr<Generation> generation(new (std::nothrow) Generation{
      .context = ours,
      .kind = kKind,
      .selection = static_cast<unsigned>(selection),
      .create_only = kCreateOnly,
      .ordinary = PkeyCtx(EVP_PKEY_CTX_new_from_name(ours.library(), NameOf(kKind), nullptr)),
      .name = {},
      .group = {}});
  if (generation == nullptr || generation->ordinary == nullptr || !Start(*generation, generation->ordinary.get()) ||
      GenSetParams(generation.get(), params) != 1) {
    return nullptr;
  }
  return generation.release();
}
template void* GenInit<Kind::kEc, false>(void*, int, const OSSL_PARAM[]) noexcept;
template void* GenInit<Kind::kEc, true>(void*, int, const OSSL_PARAM[]) noexcept;
template void* GenInit<Kind::kRsa, false>(void*, int, const OSSL_PARAM[]) noexcept;
template void* GenInit<Kind::kRsa, true>(void*, int, const OSSL_PARAM[]) noexcept;
template void* GenInit<Kind::kEd25519, false>(void*, int, const OSSL_PARAM[]) noexcept;
template void* GenInit<Kind::kEd25519, true>(void*, int, const OSSL_PARAM[]) noexcept;

int GenSetParams(void* generation, const OSSL_PARAM params[]) noexcept {
  Generation& target = *GenerationOf(generation);
  if (params == nullptr || params->key == nullptr) return 1;
  const OSSL_PARAM* number = OSSL_PARAM_locate_const(params, kGenerationParam);
  const OSSL_PARAM* bits = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_BITS);
  if (!TakeText(params, kNameParam, target.name) || !TakeText(params, OSSL_PKEY_PARAM_GROUP_NAME, target.group) ||
      (number != nullptr && OSSL_PARAM_get_uint(number, &target.generation) != 1) ||
      (bits != nullptr && OSSL_PARAM_get_size_t(bits, &target.bits) != 1)) {
    target.context.Raise(Reason::kParameter, "%s, %s, group or bits", kNameParam, kGenerationParam);
    return 0;
  }
  if (const OSSL_PARAM* exponent = OSSL_PARAM_locate_const(params, OSSL_PKEY_PARAM_RSA_E)) {
    std::uint64_t value = 0;
    target.usual_exponent = OSSL_PARAM_get_uint64(exponent, &value) == 1 && value == 65537;
  }
  return static_cast<int>(EVP_PKEY_CTX_set_params(target.ordinary.get(), params) == 1);
}

int GenSetTemplate(void* generation, void* key) noexcept {
  Generation& target = *GenerationOf(generation);
  const Key* source = static_cast<const Key*>(key);
  if (source->material() == nullptr) return 0;
  target.ordinary.reset(EVP_PKEY_CTX_new_from_pkey(target.context.library(), source->material(), nullptr));
  char group[64];
  if (EVP_PKEY_get_group_name(source->material(), group, sizeof group, nullptr) == 1) (void)target.group.Set(group);
  return static_cast<int>(target.ordinary != nullptr && Start(target, target.ordinary.get()));
}

const OSSL_PARAM* GenSettableParams(void* /*generation*/, void* /*context*/) noexcept {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_utf8_string(kNameParam, nullptr, 0),
                                       OSSL_PARAM_uint(kGenerationParam, nullptr),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_ENCODING, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, nullptr, 0),
                                       OSSL_PARAM_int(OSSL_PKEY_PARAM_USE_COFACTOR_ECDH, nullptr),
                                       OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_BITS, nullptr),
                                       OSSL_PARAM_size_t(OSSL_PKEY_PARAM_RSA_PRIMES, nullptr),
                                       OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, nullptr, 0),
                                       OSSL_PARAM_END};
  return kParams;
}

void* Gen(void* generation, OSSL_CALLBACK* /*callback*/, void* /*argument*/) noexcept {
  const Generation& made = *GenerationOf(generation);
  const bool named = !made.name.empty() && (made.selection & kKeyPair) != 0;
  if (named && made.create_only) return MakeInAgent(made);
  if (named) {
    // Neither in the agent, which nobody asked for by the property, nor ordinary, which would be no key of a token.
    made.context.Raise(Reason::kParameter, "%s makes a key with the property query %s only", kNameParam,
                       kCreateProperty);
    return nullptr;
  }
  if (!made.create_only) return MakeOrdinary(made);
  made.context.Raise(Reason::kParameter, "%s is missing: the name that the new key has in the agent", kNameParam);
  return nullptr;
}

void GenCleanup(void* generation) noexcept { delete GenerationOf(generation); }

}  // namespace rootkeep::provider
