// Keys of no token, which rootkeep.so makes, uses and writes where it is listed first.
#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/pem.h>

#include <array>
#include <future>
#include <memory>
#include <thread>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using testing::LibraryContext;
using testing::Listed;
using testing::SignMessage;
using testing::TakeErrors;
using testing::VerifyMessage;

class ProviderOrdinary : public ProviderSuite {};

// How many decoders OpenSSL tries for the public key of a certificate.
int DecodersOfAPublicKey(OSSL_LIB_CTX* context, const char* type) {
  EVP_PKEY* key = nullptr;
  const ossl::Owned<OSSL_DECODER_CTX, OSSL_DECODER_CTX_free> decoding(OSSL_DECODER_CTX_new_for_pkey(
      &key, "DER", "SubjectPublicKeyInfo", type, OSSL_KEYMGMT_SELECT_PUBLIC_KEY, context, nullptr));
  return OSSL_DECODER_CTX_get_num_decoders(decoding.get());
}

TEST_F(ProviderOrdinary, KeysAreMadeAndUsedWhereItIsListedFirst) {
  const LibraryContext context(host_->Config(Listed::kFirstPreferred));
  const ossl::PKey pair(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
  const ossl::PKey peer(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
  ASSERT_NE(pair, nullptr) << TakeErrors();
  ASSERT_NE(peer, nullptr);
  const ossl::PKeyCtx derive(EVP_PKEY_CTX_new_from_pkey(context, pair.get(), nullptr));
  ASSERT_EQ(EVP_PKEY_derive_init(derive.get()), 1) << TakeErrors();
  ASSERT_EQ(EVP_PKEY_derive_set_peer(derive.get(), peer.get()), 1) << TakeErrors();
  unsigned char secret[32];
  std::size_t size = sizeof secret;
  EXPECT_EQ(EVP_PKEY_derive(derive.get(), secret, &size), 1) << TakeErrors();
  const std::string signature = SignMessage(context, pair.get(), "SHA1", "message");
  EXPECT_TRUE(VerifyMessage(pair.get(), "SHA1", "message", signature)) << "an ordinary key signs what it likes";
  const ossl::PKey copy(EVP_PKEY_dup(pair.get()));
  EXPECT_EQ(EVP_PKEY_eq(copy.get(), pair.get()), 1);
  EXPECT_EQ(EVP_PKEY_eq(peer.get(), pair.get()), 0);
  OSSL_PARAM* params = nullptr;
  ASSERT_EQ(EVP_PKEY_todata(pair.get(), EVP_PKEY_KEYPAIR, &params), 1);
  const ossl::PKeyCtx from(EVP_PKEY_CTX_new_from_name(context, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  ASSERT_EQ(EVP_PKEY_fromdata_init(from.get()), 1);
  EXPECT_EQ(EVP_PKEY_fromdata(from.get(), &raw, EVP_PKEY_KEYPAIR, params), 1) << TakeErrors();
  const ossl::PKey imported(raw);
  OSSL_PARAM_free(params);
  EXPECT_EQ(EVP_PKEY_eq(imported.get(), pair.get()), 1);
  EXPECT_FALSE(SignMessage(context, imported.get(), "SHA256", "message").empty()) << TakeErrors();
}

TEST_F(ProviderOrdinary, KeysOfCertificatesAreSearchedForWithOneDecoderMore) {
  const LibraryContext plain(host_->WriteFile("plain.cnf", ""));
  const LibraryContext context(host_->Config());
  for (const char* type : {"EC", "RSA", "ED25519"}) {
    const int without = DecodersOfAPublicKey(plain, type);
    ASSERT_GT(without, 0) << type;
    // Which reads PEM. OpenSSL does not ask it what it is good for.
    EXPECT_EQ(DecodersOfAPublicKey(context, type), without + 1) << type;
  }
}

TEST_F(ProviderOrdinary, AThreadThatMadeAKeyMayOutliveTheProvider) {
  // What is freed is overwritten, so that its use by the thread's end is no matter of luck.
#ifndef ROOTKEEP_SANITIZED  // which finds it by itself
  ASSERT_EQ(mallopt(M_PERTURB, 0xa5), 1);
#endif
  std::promise<void> made;
  std::promise<void> unloaded;
  auto context = std::make_unique<LibraryContext>(host_->Config(Listed::kFirst));
  std::thread maker([&] {
    EXPECT_NE(ossl::PKey(EVP_PKEY_Q_keygen(*context, nullptr, "EC", "P-256")), nullptr) << TakeErrors();
    made.set_value();
    unloaded.get_future().wait();
  });
  made.get_future().wait();
  context.reset();
  unloaded.set_value();
  maker.join();
  mallopt(M_PERTURB, 0);
}

TEST_F(ProviderOrdinary, AKeyIsCheckedByAllItsParts) {
  for (const Listed listed : {Listed::kFirst, Listed::kFirstPreferred}) {
    const LibraryContext context(host_->Config(listed));
    const ossl::PKey key(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
    const ossl::PKey other(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
    ASSERT_NE(key, nullptr) << TakeErrors();
    ASSERT_NE(other, nullptr) << TakeErrors();
    const ossl::PKeyCtx good(EVP_PKEY_CTX_new_from_pkey(context, key.get(), nullptr));
    EXPECT_EQ(EVP_PKEY_check(good.get()), 1) << TakeErrors();
    EXPECT_EQ(EVP_PKEY_private_check(good.get()), 1) << TakeErrors();
    EXPECT_EQ(EVP_PKEY_public_check(good.get()), 1) << TakeErrors();
    // The other's public half with this one's private one.
    std::array<unsigned char, 65> point{};
    std::size_t size = 0;
    ASSERT_EQ(EVP_PKEY_get_octet_string_param(other.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(), &size),
              1);
    ASSERT_EQ(EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), size), 1) << TakeErrors();
    const ossl::PKeyCtx mixed(EVP_PKEY_CTX_new_from_pkey(context, key.get(), nullptr));
    EXPECT_NE(EVP_PKEY_check(mixed.get()), 1);
    EXPECT_EQ(EVP_PKEY_private_check(mixed.get()), 1) << "by itself it is a private key: " << TakeErrors();
    EXPECT_EQ(EVP_PKEY_public_check(mixed.get()), 1) << TakeErrors();
  }
}

TEST_F(ProviderOrdinary, AKeyIsNotWrittenWithoutThePassphraseThatItWasToHave) {
  const LibraryContext context(host_->Config(Listed::kFirst));
  const ossl::PKey key(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
  ASSERT_NE(key, nullptr) << TakeErrors();
  const auto write = [&](const std::vector<const char*>& ciphers, bool passphrase, std::string& text) {
    OSSL_ENCODER_CTX* encoder =
        OSSL_ENCODER_CTX_new_for_pkey(key.get(), EVP_PKEY_KEYPAIR, "PEM", "PrivateKeyInfo", nullptr);
    bool set = true;
    for (const char* cipher : ciphers) set = OSSL_ENCODER_CTX_set_cipher(encoder, cipher, nullptr) == 1;
    if (passphrase) OSSL_ENCODER_CTX_set_passphrase(encoder, reinterpret_cast<const unsigned char*>("secret"), 6);
    unsigned char* pem = nullptr;
    std::size_t size = 0;
    const bool written = OSSL_ENCODER_to_data(encoder, &pem, &size) == 1;
    if (written) text.assign(reinterpret_cast<char*>(pem), size);
    OPENSSL_free(pem);
    OSSL_ENCODER_CTX_free(encoder);
    return set && written;
  };
  std::string text;
  EXPECT_TRUE(write({"AES-256-CBC"}, true, text)) << TakeErrors();
  EXPECT_THAT(text, ::testing::StartsWith("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
  EXPECT_TRUE(write({"AES-256-CBC", nullptr}, true, text)) << TakeErrors();
  EXPECT_THAT(text, ::testing::StartsWith("-----BEGIN PRIVATE KEY-----"));
  text.clear();
  EXPECT_FALSE(write({"AES-256-CBC"}, false, text));
  EXPECT_FALSE(write({"nonsense"}, true, text));
  EXPECT_EQ(text, "");
}

}  // namespace
}  // namespace rootkeep
