#include "providers/openssl/signing.h"

#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <charconv>

namespace rootkeep::provider {
namespace {

using keysocket::WireScheme;
using keysocket::WireType;

struct HashWords {
  Hash hash;
  std::size_t size;
  std::array<std::string_view, 4> names;
};

constexpr HashWords kHashes[] = {{Hash::kSha256, 32, {"SHA2-256", "SHA256", "SHA-256", "2.16.840.1.101.3.4.2.1"}},
                                 {Hash::kSha384, 48, {"SHA2-384", "SHA384", "SHA-384", "2.16.840.1.101.3.4.2.2"}},
                                 {Hash::kSha512, 64, {"SHA2-512", "SHA512", "SHA-512", "2.16.840.1.101.3.4.2.3"}}};

constexpr WireScheme kPkcs1[] = {WireScheme::kRsaPkcs1Sha256, WireScheme::kRsaPkcs1Sha384, WireScheme::kRsaPkcs1Sha512};
constexpr WireScheme kPss[] = {WireScheme::kRsaPssSha256, WireScheme::kRsaPssSha384, WireScheme::kRsaPssSha512};

std::string_view TextOf(const OSSL_PARAM& param) noexcept {
  const char* text = nullptr;
  return OSSL_PARAM_get_utf8_string_ptr(&param, &text) == 1 && text != nullptr ? std::string_view(text)
                                                                               : std::string_view();
}

bool IsText(const OSSL_PARAM& param) noexcept {
  return param.data_type == OSSL_PARAM_UTF8_STRING || param.data_type == OSSL_PARAM_UTF8_PTR;
}

bool SetText(OSSL_PARAM& param, const char* text) noexcept {
  return (param.data_type == OSSL_PARAM_UTF8_PTR ? OSSL_PARAM_set_utf8_ptr(&param, text)
                                                 : OSSL_PARAM_set_utf8_string(&param, text)) == 1;
}

bool SetNumberOrText(OSSL_PARAM& param, int number, const char* text) noexcept {
  return IsText(param) ? SetText(param, text) : OSSL_PARAM_set_int(&param, number) == 1;
}

// Parameters of later versions of OpenSSL that ask for another algorithm than the key socket's schemes: Ed25519ph and
// Ed25519ctx (RFC 8032 §5.1), deterministic ECDSA (RFC 6979). Not to be taken for the ordinary one. Null when none
// does.
const char* OtherVariant(const OSSL_PARAM params[]) noexcept {
  const OSSL_PARAM* instance = OSSL_PARAM_locate_const(params, "instance");
  if (instance != nullptr && !EqualsIgnoringCase(TextOf(*instance), "Ed25519")) return "an instance other than Ed25519";
  const OSSL_PARAM* domain = OSSL_PARAM_locate_const(params, "context-string");
  if (domain != nullptr && domain->data_size != 0) return "a context string";
  const OSSL_PARAM* nonce = OSSL_PARAM_locate_const(params, "nonce-type");
  unsigned type = 0;
  if (nonce != nullptr && (OSSL_PARAM_get_uint(nonce, &type) != 1 || type != 0)) return "a nonce of another kind";
  return nullptr;
}

const OSSL_PARAM kSettableSigning[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PROPERTIES, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_PROPERTIES, nullptr, 0),
                                       OSSL_PARAM_utf8_string("instance", nullptr, 0),
                                       OSSL_PARAM_octet_string("context-string", nullptr, 0),
                                       OSSL_PARAM_uint("nonce-type", nullptr),
                                       OSSL_PARAM_END};
const OSSL_PARAM kGettableSigning[] = {OSSL_PARAM_octet_string(OSSL_SIGNATURE_PARAM_ALGORITHM_ID, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                       OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, nullptr, 0),
                                       OSSL_PARAM_END};

}  // namespace

std::optional<Hash> HashNamed(std::string_view name) noexcept {
  for (const HashWords& entry : kHashes) {
    for (const std::string_view known : entry.names) {
      if (EqualsIgnoringCase(name, known)) return entry.hash;
    }
  }
  return std::nullopt;
}

const char* NameOf(Hash hash) noexcept { return kHashes[static_cast<std::size_t>(hash)].names[0].data(); }
std::size_t SizeOf(Hash hash) noexcept { return kHashes[static_cast<std::size_t>(hash)].size; }

void Signing::ChooseUsualHash(const Key& key) noexcept {
  if (key.agent()->type == WireType::kEcP256) hash_ = Hash::kSha256;
  if (key.agent()->type == WireType::kEcP384) hash_ = Hash::kSha384;
}

bool Signing::ChooseHash(const Key& key, std::string_view name) noexcept {
  if (key.kind() == Kind::kEd25519) {
    hash_.reset();
    if (name.empty()) return true;
    key.context().Raise(Reason::kScheme, "Ed25519 hashes by itself: it takes no digest");
    return false;
  }
  hash_ = name.empty() ? std::optional(Hash::kSha256) : HashNamed(name);
  if (name.empty()) ChooseUsualHash(key);
  // RSA's padding may follow, so either will do.
  Signing other = *this;
  other.pss_ = !pss_;
  other.salt_ = kSaltAsDigest;
  other.mgf1_.reset();
  if (Scheme(key) || (hash_ && other.Scheme(key))) return true;
  key.context().Raise(Reason::kScheme, "key %s does not sign digests of %.*s", key.agent()->uri.c_str(),
                      static_cast<int>(name.size()), name.data());
  return false;
}

std::optional<WireScheme> Signing::Scheme(const Key& key) const noexcept {
  const AgentKey& agent = *key.agent();
  std::optional<WireScheme> scheme;
  if (key.kind() == Kind::kEd25519) {
    scheme = WireScheme::kEd25519;
  } else if (!hash_) {
    return std::nullopt;
  } else if (key.kind() == Kind::kEc) {
    if (hash_ == Hash::kSha256) scheme = WireScheme::kEcdsaSha256;
    if (hash_ == Hash::kSha384) scheme = WireScheme::kEcdsaSha384;
  } else if (!pss_) {
    scheme = kPkcs1[static_cast<std::size_t>(*hash_)];
  } else if (mgf1_.value_or(*hash_) == *hash_ &&
             (salt_ == kSaltAsDigest || static_cast<std::size_t>(salt_) == SizeOf(*hash_))) {
    scheme = kPss[static_cast<std::size_t>(*hash_)];
  }
  return scheme && agent.Signs(*scheme) ? scheme : std::nullopt;
}

bool Signing::SetPadding(const OSSL_PARAM& param) noexcept {
  int mode = 0;
  if (IsText(param)) {
    const std::string_view word = TextOf(param);
    mode = EqualsIgnoringCase(word, OSSL_PKEY_RSA_PAD_MODE_PSS)       ? RSA_PKCS1_PSS_PADDING
           : EqualsIgnoringCase(word, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) ? RSA_PKCS1_PADDING
                                                                      : 0;
  } else if (OSSL_PARAM_get_int(&param, &mode) != 1) {
    return false;
  }
  pss_ = mode == RSA_PKCS1_PSS_PADDING;
  return pss_ || mode == RSA_PKCS1_PADDING;
}

bool Signing::SetSalt(const OSSL_PARAM& param) noexcept {
  int length = 0;
  if (IsText(param)) {
    const std::string_view word = TextOf(param);
    // What the caller leaves to the signer is as long as the digest, which is all that an agent makes.
    if (word == OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST || word == OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO) {
      length = RSA_PSS_SALTLEN_DIGEST;
    } else {
      const auto [read_to, error] = std::from_chars(word.data(), word.data() + word.size(), length);
      if (error != std::errc{} || read_to != word.data() + word.size()) return false;
    }
  } else if (OSSL_PARAM_get_int(&param, &length) != 1) {
    return false;
  }
  salt_ = length == RSA_PSS_SALTLEN_AUTO ? kSaltAsDigest : length;
  return salt_ >= kSaltAsDigest;
}

const char* Signing::SetForRsa(const OSSL_PARAM params[]) noexcept {
  if (const OSSL_PARAM* padding = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PAD_MODE)) {
    if (!SetPadding(*padding)) return "padding other than PKCS#1 v1.5 and PSS";
  }
  const char* const salt_words = "a PSS salt that is not as long as the digest";
  if (const OSSL_PARAM* salt = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN)) {
    if (!SetSalt(*salt)) return salt_words;
  }
  const char* const mgf1_words = "an MGF1 digest that is not the signature's";
  if (const OSSL_PARAM* mgf1 = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST)) {
    mgf1_ = HashNamed(TextOf(*mgf1));
    if (!mgf1_) return mgf1_words;
  }
  if (!pss_ || !hash_) return nullptr;
  if (mgf1_.value_or(*hash_) != *hash_) return mgf1_words;
  return salt_ == kSaltAsDigest || static_cast<std::size_t>(salt_) == SizeOf(*hash_) ? nullptr : salt_words;
}

bool Signing::Set(const Key& key, const OSSL_PARAM params[]) noexcept {
  if (params == nullptr) return true;
  const char* bad = OtherVariant(params);
  if (const OSSL_PARAM* digest = OSSL_PARAM_locate_const(params, OSSL_SIGNATURE_PARAM_DIGEST); digest && !bad) {
    if (!IsText(*digest) || (hash_is_fixed_ && HashNamed(TextOf(*digest)) != hash_)) {
      bad = "a digest other than the one it was begun with";
    } else if (!ChooseHash(key, TextOf(*digest))) {
      return false;
    }
  }
  if (bad == nullptr && key.kind() == Kind::kRsa) bad = SetForRsa(params);
  if (bad == nullptr) return true;
  key.context().Raise(Reason::kScheme, "key %s does not sign with %s", key.agent()->uri.c_str(), bad);
  return false;
}

bool Signing::Get(const Key& key, OSSL_PARAM params[]) const noexcept {
  if (params == nullptr) return true;
  if (OSSL_PARAM* algorithm = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_ALGORITHM_ID)) {
    const auto scheme = Scheme(key);
    const keysocket::Octets der = scheme ? AlgorithmIdentifier(*scheme) : keysocket::Octets();
    if (der.empty() || OSSL_PARAM_set_octet_string(algorithm, der.data(), der.size()) != 1) return false;
  }
  OSSL_PARAM* digest = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_DIGEST);
  if (digest != nullptr && !SetText(*digest, hash_ ? NameOf(*hash_) : "")) return false;
  if (key.kind() != Kind::kRsa) return true;
  OSSL_PARAM* padding = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PAD_MODE);
  if (padding != nullptr && !SetNumberOrText(*padding, pss_ ? RSA_PKCS1_PSS_PADDING : RSA_PKCS1_PADDING,
                                             pss_ ? OSSL_PKEY_RSA_PAD_MODE_PSS : OSSL_PKEY_RSA_PAD_MODE_PKCSV15)) {
    return false;
  }
  OSSL_PARAM* salt = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
  if (salt != nullptr && !SetNumberOrText(*salt, kSaltAsDigest, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST)) return false;
  OSSL_PARAM* mgf1 = OSSL_PARAM_locate(params, OSSL_SIGNATURE_PARAM_MGF1_DIGEST);
  return mgf1 == nullptr || SetText(*mgf1, hash_ ? NameOf(mgf1_.value_or(*hash_)) : "");
}

const OSSL_PARAM* SettableSigning() noexcept { return kSettableSigning; }
const OSSL_PARAM* GettableSigning() noexcept { return kGettableSigning; }

}  // namespace rootkeep::provider
