// What is written where a program writes a private key: of an agent's key its reference; any other itself, encrypted
// where a passphrase is asked for.
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "providers/openssl/dispatch.h"
#include "providers/openssl/keymgmt.h"
#include "providers/openssl/load.h"

namespace rootkeep::provider {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using BioHolder = std::unique_ptr<BIO, FreeBio>;

struct FreeCipher {
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};

struct Encoding {
  explicit Encoding(Context& ours) noexcept : context(ours) {}

  Context& context;
  bool encrypts = false;  // also while the cipher that was asked for cannot be had: nothing is written then
  std::unique_ptr<EVP_CIPHER, FreeCipher> cipher;
};

Encoding* EncodingOf(void* encoding) noexcept { return static_cast<Encoding*>(encoding); }

void* NewContext(void* context) noexcept { return new (std::nothrow) Encoding(*static_cast<Context*>(context)); }
void FreeContext(void* encoding) noexcept { delete EncodingOf(encoding); }

const OSSL_PARAM* SettableParams(void* /*context*/) noexcept {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_CIPHER, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_ENCODER_PARAM_PROPERTIES, nullptr, 0),
                                       OSSL_PARAM_END};
  return kParams;
}

// Without a cipher, or with an empty name of one, nothing is encrypted. An encoder that does not take this parameter is
// passed over by OpenSSL without a word, and then writes a key in plain for which a passphrase was given.
int SetParams(void* given, const OSSL_PARAM params[]) noexcept {
  Encoding& encoding = *EncodingOf(given);
  const OSSL_PARAM* cipher = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_CIPHER);
  if (cipher == nullptr) return 1;
  const OSSL_PARAM* properties = OSSL_PARAM_locate_const(params, OSSL_ENCODER_PARAM_PROPERTIES);
  const char* name = nullptr;
  const char* query = nullptr;
  encoding.encrypts = true;  // whatever fails from here on
  encoding.cipher.reset();
  if (OSSL_PARAM_get_utf8_string_ptr(cipher, &name) != 1 ||
      (properties != nullptr && OSSL_PARAM_get_utf8_string_ptr(properties, &query) != 1)) {
    return 0;
  }
  if (name == nullptr || *name == '\0') {
    encoding.encrypts = false;
    return 1;
  }
  encoding.cipher.reset(EVP_CIPHER_fetch(encoding.context.library(), name, query));
  if (encoding.cipher != nullptr) return 1;
  encoding.context.Raise(Reason::kLibcrypto, "EVP_CIPHER_fetch: %s", name);
  return 0;
}

int DoesSelection(void* /*context*/, int selection) noexcept {
  return static_cast<int>((static_cast<unsigned>(selection) & kPrivate) != 0);
}

// Not for what another provider's keys export.
void* ImportObject(void* /*context*/, int /*selection*/, const OSSL_PARAM /*params*/[]) noexcept { return nullptr; }
void FreeObject(void* /*object*/) noexcept {}

BioHolder Open(void* given, OSSL_CORE_BIO* output) noexcept {
  return BioHolder(BIO_new_from_core_bio(EncodingOf(given)->context.library(), output));
}

// A key of OpenSSL's own, as PKCS#8.
bool WriteOrdinary(const Encoding& encoding, BIO* bio, EVP_PKEY* key, OSSL_PASSPHRASE_CALLBACK* passphrase,
                   void* argument) noexcept {
  if (!encoding.encrypts) return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr) == 1;
  if (encoding.cipher == nullptr) return false;
  std::array<char, PEM_BUFSIZE> secret;  // NOLINT(cppcoreguidelines-pro-type-member-init): written below
  std::size_t size = 0;
  const bool told = passphrase != nullptr && passphrase(secret.data(), secret.size(), &size, nullptr, argument) == 1 &&
                    size <= secret.size();
  if (!told) encoding.context.Raise(Reason::kParameter, "a cipher for the private key and no passphrase");
  const bool written = told && PEM_write_bio_PKCS8PrivateKey(bio, key, encoding.cipher.get(), secret.data(),
                                                             static_cast<int>(size), nullptr, nullptr) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return written;
}

int EncodePem(void* given, OSSL_CORE_BIO* output, const void* object, const OSSL_PARAM /*abstract*/[],
              int /*selection*/, OSSL_PASSPHRASE_CALLBACK* passphrase, void* argument) noexcept {
  const Key* key = static_cast<const Key*>(object);
  const BioHolder bio = Open(given, output);
  if (bio == nullptr || key == nullptr) return 0;
  const AgentKey* agent = key->agent();
  if (agent == nullptr) {
    return static_cast<int>(WriteOrdinary(*EncodingOf(given), bio.get(), key->material(), passphrase, argument));
  }
  // A reference is no secret: as it is, with a cipher too.
  std::array<std::uint8_t, kMaxReference> der;  // NOLINT(cppcoreguidelines-pro-type-member-init): written below
  const std::size_t size = WriteReference(
      {.uri = agent->uri.view(), .socket = agent->client->path(), .fingerprint = agent->fingerprint}, der);
  return static_cast<int>(size != 0 &&
                          PEM_write_bio(bio.get(), kReferenceLabel, "", der.data(), static_cast<long>(size)) > 0);
}

void PrintCustody(BIO* bio, const Custody& custody) noexcept {
  BIO_printf(bio, "\nToken: \"%s\" (serial %s)\nCustody: %s\n", custody.token.c_str(), custody.serial.c_str(),
             Describe(custody.facts).c_str());
  if (!custody.other_usages.empty()) BIO_printf(bio, "Allows more than signing: %s\n", custody.other_usages.c_str());
  BIO_printf(bio, "Vouched for: %s\n", VoucherText(custody.voucher));
}

int EncodeText(void* given, OSSL_CORE_BIO* output, const void* object, const OSSL_PARAM /*abstract*/[],
               int /*selection*/, OSSL_PASSPHRASE_CALLBACK* /*passphrase*/, void* /*argument*/) noexcept {
  const Key* key = static_cast<const Key*>(object);
  const BioHolder bio = Open(given, output);
  if (bio == nullptr || key == nullptr) return 0;
  const AgentKey* agent = key->agent();
  if (agent == nullptr) return static_cast<int>(EVP_PKEY_print_private(bio.get(), key->material(), 0, nullptr) == 1);
  BIO_printf(bio.get(), "Private key held by an agent\nKey socket: %.*s\nKey: %s\nFingerprint: ",
             static_cast<int>(agent->client->path().size()), agent->client->path().data(), agent->uri.c_str());
  for (const std::uint8_t octet : agent->fingerprint) BIO_printf(bio.get(), "%02x", octet);
  PrintCustody(bio.get(), agent->custody);
  return static_cast<int>(EVP_PKEY_print_public(bio.get(), key->material(), 0, nullptr) == 1);
}

template <auto kEncode>
const OSSL_DISPATCH kEncoder[] = {
    Entry<OSSL_FUNC_encoder_newctx_fn>(OSSL_FUNC_ENCODER_NEWCTX, NewContext),
    Entry<OSSL_FUNC_encoder_freectx_fn>(OSSL_FUNC_ENCODER_FREECTX, FreeContext),
    Entry<OSSL_FUNC_encoder_settable_ctx_params_fn>(OSSL_FUNC_ENCODER_SETTABLE_CTX_PARAMS, SettableParams),
    Entry<OSSL_FUNC_encoder_set_ctx_params_fn>(OSSL_FUNC_ENCODER_SET_CTX_PARAMS, SetParams),
    Entry<OSSL_FUNC_encoder_does_selection_fn>(OSSL_FUNC_ENCODER_DOES_SELECTION, DoesSelection),
    Entry<OSSL_FUNC_encoder_encode_fn>(OSSL_FUNC_ENCODER_ENCODE, kEncode),
    Entry<OSSL_FUNC_encoder_import_object_fn>(OSSL_FUNC_ENCODER_IMPORT_OBJECT, ImportObject),
    Entry<OSSL_FUNC_encoder_free_object_fn>(OSSL_FUNC_ENCODER_FREE_OBJECT, FreeObject),
    {0, nullptr}};

constexpr const char* kPem = "provider=rootkeep,output=pem,structure=PrivateKeyInfo";
constexpr const char* kText = "provider=rootkeep,output=text";

const OSSL_ALGORITHM kEncoders[] = {{"EC", kPem, kEncoder<EncodePem>, "references to EC keys"},
                                    {"RSA", kPem, kEncoder<EncodePem>, "references to RSA keys"},
                                    {"ED25519", kPem, kEncoder<EncodePem>, "references to Ed25519 keys"},
                                    {"EC", kText, kEncoder<EncodeText>, "EC keys of an agent, for people"},
                                    {"RSA", kText, kEncoder<EncodeText>, "RSA keys of an agent, for people"},
                                    {"ED25519", kText, kEncoder<EncodeText>, "Ed25519 keys of an agent, for people"},
                                    {nullptr, nullptr, nullptr, nullptr}};

}  // namespace

const OSSL_ALGORITHM* Encoders() noexcept { return kEncoders; }

}  // namespace rootkeep::provider
