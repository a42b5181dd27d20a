#include "tools/rootkeep/software_key.h"

#include <openssl/pem.h>

namespace rootkeep::cli {
namespace {

Error OpensslFailure(std::string_view call) { return ossl::TakeError(Code::kInternal, call); }

std::string TextOf(const ossl::Bio& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

using GeneralNames = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using Extension = ossl::Owned<X509_EXTENSION, X509_EXTENSION_free>;

Status AddName(GENERAL_NAMES* names, const GeneralName& name) {
  ossl::Owned<GENERAL_NAME, GENERAL_NAME_free> entry(GENERAL_NAME_new());
  const int size = static_cast<int>(name.value.size());
  if (name.kind == GeneralName::Kind::kIp) {
    ASN1_OCTET_STRING* octets = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(octets, reinterpret_cast<const unsigned char*>(name.value.data()), size);
    GENERAL_NAME_set0_value(entry.get(), GEN_IPADD, octets);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.value.data(), size);
    GENERAL_NAME_set0_value(entry.get(), name.kind == GeneralName::Kind::kUri ? GEN_URI : GEN_DNS, text);
  }
  if (sk_GENERAL_NAME_push(names, entry.get()) == 0) return OpensslFailure("sk_GENERAL_NAME_push");
  (void)entry.release();
  return Ok();
}

Status AddSan(X509_REQ* request, const std::vector<GeneralName>& names) {
  const GeneralNames list(GENERAL_NAMES_new());
  for (const GeneralName& name : names) RK_RETURN_IF_ERROR(AddName(list.get(), name));
  const Extension san(X509V3_EXT_i2d(NID_subject_alt_name, 1, list.get()));
  if (san == nullptr) return OpensslFailure("X509V3_EXT_i2d");
  const ossl::Owned<STACK_OF(X509_EXTENSION), [](STACK_OF(X509_EXTENSION) * stack) { sk_X509_EXTENSION_free(stack); }>
      extensions(sk_X509_EXTENSION_new_null());
  if (sk_X509_EXTENSION_push(extensions.get(), san.get()) == 0 ||
      X509_REQ_add_extensions(request, extensions.get()) != 1) {
    return OpensslFailure("X509_REQ_add_extensions");
  }
  return Ok();
}

EVP_PKEY* Generate(KeyType type) {
  switch (type) {
    case KeyType::kEcP256: return EVP_EC_gen("P-256");
    case KeyType::kEcP384: return EVP_EC_gen("P-384");
    case KeyType::kRsa2048: return EVP_RSA_gen(2048);
    case KeyType::kRsa3072: return EVP_RSA_gen(3072);
    case KeyType::kRsa4096: return EVP_RSA_gen(4096);
    case KeyType::kEd25519: return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  }
  return nullptr;
}

}  // namespace

Result<ossl::PKey> MakeSoftwareKey(KeyType type) {
  ossl::PKey key(Generate(type));
  if (key == nullptr) return OpensslFailure("EVP_PKEY_Q_keygen");
  return key;
}

Result<SecretBytes> PrivateKeyPem(EVP_PKEY* key) {
  // Secure memory BIOs wipe what they held.
  const ossl::Bio bio(BIO_new(BIO_s_secmem()));
  if (PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return OpensslFailure("PEM_write_bio_PKCS8PrivateKey");
  }
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return SecretBytes(std::string_view(text, static_cast<std::size_t>(size)));
}

Result<ossl::PKey> ParsePrivateKey(const SecretBytes& pem) {
  const ByteView text = pem.RevealForUse();
  const ossl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  // The callback keeps OpenSSL from asking at the terminal for the password of an encrypted key.
  const auto no_password = [](char*, int, int, void*) { return -1; };
  ossl::PKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return ossl::TakeError(Code::kInvalidArgument, "read the private key");
  return key;
}

Result<std::string> MakeSoftwareCsr(EVP_PKEY* key, const std::vector<GeneralName>& names) {
  const ossl::CertReq request(X509_REQ_new());
  X509_REQ_set_version(request.get(), X509_REQ_VERSION_1);
  if (X509_REQ_set_pubkey(request.get(), key) != 1) return OpensslFailure("X509_REQ_set_pubkey");
  if (!names.empty()) RK_RETURN_IF_ERROR(AddSan(request.get(), names));
  const EVP_MD* digest = EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
  if (X509_REQ_sign(request.get(), key, digest) == 0) return OpensslFailure("X509_REQ_sign");
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509_REQ(bio.get(), request.get()) != 1) return OpensslFailure("PEM_write_bio_X509_REQ");
  return TextOf(bio);
}

}  // namespace rootkeep::cli
