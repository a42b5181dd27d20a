// What is written where a program writes a private key: of an agent's key its reference.
#include <openssl/bio.h>
#include <openssl/core_names.h>
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

void* NewContext(void* context) noexcept { return context; }
void FreeContext(void* /*context*/) noexcept {}

int DoesSelection(void* /*context*/, int selection) noexcept {
  return static_cast<int>((static_cast<unsigned>(selection) & kPrivate) != 0);
}

// Not for what another provider's keys export.
void* ImportObject(void* /*context*/, int /*selection*/, const OSSL_PARAM /*params*/[]) noexcept { return nullptr; }
void FreeObject(void* /*object*/) noexcept {}

BioHolder Open(void* given, OSSL_CORE_BIO* output) noexcept {
  return BioHolder(BIO_new_from_core_bio(static_cast<Context*>(given)->library(), output));
}

int EncodePem(void* given, OSSL_CORE_BIO* output, const void* object, const OSSL_PARAM /*abstract*/[],
              int /*selection*/, OSSL_PASSPHRASE_CALLBACK* /*passphrase*/, void* /*argument*/) noexcept {
  const Key* key = static_cast<const Key*>(object);
  const BioHolder bio = Open(given, output);
  if (bio == nullptr || key == nullptr) return 0;
  const AgentKey* agent = key->agent();
  if (agent == nullptr) {
    return static_cast<int>(
        PEM_write_bio_PrivateKey(bio.get(), key->material(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  }
  std::array<std::uint8_t, kMaxReference> der;  // NOLINT(cppcoreguidelines-pro-type-member-init): written below
  const std::size_t size = WriteReference(
      {.uri = agent->uri.view(), .socket = agent->client->path(), .fingerprint = agent->fingerprint}, der);
  return static_cast<int>(size != 0 &&
                          PEM_write_bio(bio.get(), kReferenceLabel, "", der.data(), static_cast<long>(size)) > 0);
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
  return static_cast<int>(BIO_printf(bio.get(), "\n") > 0 &&
                          EVP_PKEY_print_public(bio.get(), key->material(), 0, nullptr) == 1);
}

template <auto kEncode>
const OSSL_DISPATCH kEncoder[] = {
    Entry<OSSL_FUNC_encoder_newctx_fn>(OSSL_FUNC_ENCODER_NEWCTX, NewContext),
    Entry<OSSL_FUNC_encoder_freectx_fn>(OSSL_FUNC_ENCODER_FREECTX, FreeContext),
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
