// Keys and signatures of rootkeep.so as OpenSSL's programming interface shows them, in library contexts that list the
// provider in each way there is.
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using testing::LibraryContext;
using testing::Listed;
using testing::ReadKey;
using testing::SignMessage;
using testing::TakeErrors;
using testing::VerifyMessage;

class ProviderKey : public ProviderSuite {};

TEST_F(ProviderKey, SignsHoweverTheProviderIsListed) {
  for (const Listed listed : kListed) {
    const LibraryContext context(host_->Config(listed));
    for (const KeyCase& key : kKeys) {
      const std::string where = std::string(key.name) + " listed " + std::to_string(static_cast<int>(listed));
      const auto pkey = ReadKey(context, host_->Reference(key.name));
      ASSERT_NE(pkey, nullptr) << where << TakeErrors();
      EXPECT_EQ(EVP_PKEY_is_a(pkey.get(), key.type), 1) << where;
      const std::string signature = SignMessage(context, pkey.get(), key.digest, "message");
      ASSERT_FALSE(signature.empty()) << where << TakeErrors();
      EXPECT_TRUE(VerifyMessage(FileKey(key.name).get(), key.digest, "message", signature)) << where;
      EXPECT_FALSE(VerifyMessage(FileKey(key.name).get(), key.digest, "massage", signature)) << where;
      EXPECT_EQ(TakeErrors().find("rootkeep"), std::string::npos) << where;
    }
  }
}

TEST_F(ProviderKey, IsReadFromPkcs11ProvidersReferenceToo) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Pkcs11Reference("p256"));
  ASSERT_NE(key, nullptr) << TakeErrors();
  EXPECT_EQ(EVP_PKEY_eq(key.get(), FileKey("p256").get()), 1);
  EXPECT_FALSE(SignMessage(context, key.get(), "SHA256", "message").empty());
}

TEST_F(ProviderKey, APinInAnothersReferenceIsNotRepeated) {
  const LibraryContext context(host_->Config());
  for (const char* query : {"?pin-value=738104", ";PIN-value=738104", "?pin-source=file:/738104"}) {
    EXPECT_EQ(ReadKey(context, host_->Pkcs11Reference("p256", query)), nullptr) << query;
    const std::string why = TakeErrors();
    EXPECT_THAT(why, ::testing::HasSubstr("p256"));
    EXPECT_THAT(why, ::testing::Not(::testing::HasSubstr("738104")));
  }
}

TEST_F(ProviderKey, IsReadBehindACertificateInTheSameFile) {
  const LibraryContext context(host_->Config());
  const std::string certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
  const auto text = ReadFile(host_->Reference("p256"), 1 << 16);
  ASSERT_THAT(text, testing::IsOk());
  const auto key = ReadKey(context, host_->WriteFile("both.pem", certificate + "words\n" + *text));
  EXPECT_NE(key, nullptr) << TakeErrors();
  // And a private key of a file is still one, whatever follows it.
  const ossl::PKey file(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), file.get(), nullptr, nullptr, 0, nullptr, nullptr);
  char* pem = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &pem);
  const auto first =
      ReadKey(context, host_->WriteFile("other.pem", std::string(pem, static_cast<std::size_t>(size)) + *text));
  ASSERT_NE(first, nullptr) << TakeErrors();
  EXPECT_EQ(EVP_PKEY_eq(first.get(), file.get()), 1);
}

TEST_F(ProviderKey, SaysOfItselfWhatAFilesKeySays) {
  const LibraryContext context(host_->Config());
  for (const KeyCase& key : kKeys) {
    const auto pkey = ReadKey(context, host_->Reference(key.name));
    const auto file = FileKey(key.name);
    ASSERT_NE(pkey, nullptr);
    EXPECT_EQ(EVP_PKEY_get_bits(pkey.get()), EVP_PKEY_get_bits(file.get()));
    EXPECT_EQ(EVP_PKEY_get_security_bits(pkey.get()), EVP_PKEY_get_security_bits(file.get()));
    EXPECT_EQ(EVP_PKEY_get_size(pkey.get()), EVP_PKEY_get_size(file.get()));
    EXPECT_EQ(EVP_PKEY_get_id(pkey.get()), EVP_PKEY_get_id(file.get()));
    char group[64] = "none";
    char file_group[64] = "none";
    EVP_PKEY_get_group_name(pkey.get(), group, sizeof group, nullptr);
    EVP_PKEY_get_group_name(file.get(), file_group, sizeof file_group, nullptr);
    EXPECT_STREQ(group, file_group);
    unsigned char* spki = nullptr;
    const int size = i2d_PUBKEY(pkey.get(), &spki);
    const Bytes& expected = host_->Info(key.name).public_key.spki();
    EXPECT_EQ(Bytes(spki, spki + size), expected) << "the SPKI names the curve";
    OPENSSL_free(spki);
  }
  char digest[32];
  EXPECT_EQ(EVP_PKEY_get_default_digest_name(ReadKey(context, host_->Reference("p384")).get(), digest, sizeof digest),
            1);
  EXPECT_STREQ(digest, "SHA384") << "its agent signs no other";
}

TEST_F(ProviderKey, GivesItsPublicHalfAndNeverThePrivateOne) {
  const LibraryContext context(host_->Config());
  for (const KeyCase& key : kKeys) {
    const auto pkey = ReadKey(context, host_->Reference(key.name));
    OSSL_PARAM* params = nullptr;
    EXPECT_EQ(EVP_PKEY_todata(pkey.get(), EVP_PKEY_PUBLIC_KEY, &params), 1);
    OSSL_PARAM_free(params);
    params = nullptr;
    EXPECT_NE(EVP_PKEY_todata(pkey.get(), EVP_PKEY_KEYPAIR, &params), 1);
    OSSL_PARAM_free(params);
    BIGNUM* secret = nullptr;
    EXPECT_NE(EVP_PKEY_get_bn_param(pkey.get(), std::string(key.name) == "rsa" ? "d" : "priv", &secret), 1);
    BN_free(secret);
    // What is written in the place of a private key is the reference.
    const ossl::Bio bio(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_PrivateKey(bio.get(), pkey.get(), nullptr, nullptr, 0, nullptr, nullptr), 1)
        << TakeErrors();
    char* text = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(bio.get(), &text));
    EXPECT_NE(ReadKey(context, host_->WriteFile("written.pem", {text, size})), nullptr) << TakeErrors();
  }
}

TEST_F(ProviderKey, IsEqualToTheSameKeyOfAFileInBothOrders) {
  for (const Listed listed : kListed) {
    const LibraryContext context(host_->Config(listed));
    for (const KeyCase& key : kKeys) {
      const auto ours = ReadKey(context, host_->Reference(key.name));
      const auto again = ReadKey(context, host_->Reference(key.name));
      const auto file = FileKey(key.name);
      EXPECT_EQ(EVP_PKEY_eq(ours.get(), again.get()), 1);
      EXPECT_EQ(EVP_PKEY_eq(ours.get(), file.get()), 1) << key.name << static_cast<int>(listed);
      EXPECT_EQ(EVP_PKEY_eq(file.get(), ours.get()), 1) << key.name << static_cast<int>(listed);
      for (const KeyCase& other : kKeys) {
        if (other.name == key.name) continue;
        const auto theirs = FileKey(other.name);
        EXPECT_NE(EVP_PKEY_eq(ours.get(), theirs.get()), 1);
        EXPECT_NE(EVP_PKEY_eq(theirs.get(), ours.get()), 1);
      }
      const ossl::PKey stranger(key.type == std::string("RSA")  ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", 2048UL)
                                : key.type == std::string("EC") ? EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")
                                                                : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
      EXPECT_NE(EVP_PKEY_eq(ours.get(), stranger.get()), 1);
      EXPECT_NE(EVP_PKEY_eq(stranger.get(), ours.get()), 1);
    }
  }
}

TEST_F(ProviderKey, DuplicatesSign) {
  const LibraryContext context(host_->Config());
  for (const KeyCase& key : kKeys) {
    auto first = ReadKey(context, host_->Reference(key.name));
    const ossl::PKey copy(EVP_PKEY_dup(first.get()));
    ASSERT_NE(copy, nullptr) << TakeErrors();
    EXPECT_EQ(EVP_PKEY_eq(first.get(), copy.get()), 1);
    first.reset();
    EXPECT_FALSE(SignMessage(context, copy.get(), key.digest, "message").empty()) << TakeErrors();
  }
}

TEST_F(ProviderKey, SignsInPiecesAndItsContextsCanBeCopied) {
  const LibraryContext context(host_->Config());
  for (const KeyCase& key : kKeys) {
    if (key.digest == nullptr) continue;  // Ed25519 takes a message whole
    const auto pkey = ReadKey(context, host_->Reference(key.name));
    const ossl::MdCtx md(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), nullptr, key.digest, context, nullptr, pkey.get(), nullptr), 1);
    ASSERT_EQ(EVP_DigestSignUpdate(md.get(), "mes", 3), 1);
    const ossl::MdCtx copy(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_MD_CTX_copy_ex(copy.get(), md.get()), 1) << TakeErrors();
    ASSERT_EQ(EVP_DigestSignUpdate(md.get(), "sage", 4), 1);
    ASSERT_EQ(EVP_DigestSignUpdate(copy.get(), "a", 1), 1);
    for (const auto& [from, message] : {std::pair{md.get(), "message"}, std::pair{copy.get(), "mesa"}}) {
      std::string signature(1024, '\0');
      std::size_t size = signature.size();
      ASSERT_EQ(EVP_DigestSignFinal(from, reinterpret_cast<unsigned char*>(signature.data()), &size), 1);
      signature.resize(size);
      EXPECT_TRUE(VerifyMessage(pkey.get(), key.digest, message, signature)) << message;
    }
  }
  const auto ed = ReadKey(context, host_->Reference("ed"));
  const ossl::MdCtx md(EVP_MD_CTX_new());
  ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), nullptr, nullptr, context, nullptr, ed.get(), nullptr), 1);
  EXPECT_NE(EVP_DigestSignUpdate(md.get(), "mes", 3), 1);
}

// And is made ready to sign: no init asks anybody, nor who wants to know how long a signature gets.
TEST_F(ProviderKey, VerifiesWithoutTheAgent) {
  const LibraryContext context(host_->Config());
  const auto* message = reinterpret_cast<const unsigned char*>("message");
  const auto* another = reinterpret_cast<const unsigned char*>("massage");
  std::vector<ossl::PKey> keys;
  std::vector<std::string> signatures;
  for (const KeyCase& key : kKeys) {
    keys.push_back(ReadKey(context, host_->Reference(key.name)));
    signatures.push_back(SignMessage(context, keys.back().get(), key.digest, "message"));
  }
  host_->KillAgent();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const char* const digest = kKeys[i].digest;
    EVP_PKEY* const key = keys[i].get();
    const auto verify = [&](const unsigned char* text) {
      const ossl::MdCtx md(EVP_MD_CTX_new());
      EXPECT_EQ(EVP_DigestVerifyInit_ex(md.get(), nullptr, digest, context, nullptr, key, nullptr), 1);
      const auto* octets = reinterpret_cast<const unsigned char*>(signatures[i].data());
      return EVP_DigestVerify(md.get(), octets, signatures[i].size(), text, 7);
    };
    EXPECT_EQ(verify(message), 1) << kKeys[i].name;
    EXPECT_NE(verify(another), 1) << kKeys[i].name;
    const ossl::MdCtx md(EVP_MD_CTX_new());
    EXPECT_EQ(EVP_DigestSignInit_ex(md.get(), nullptr, digest, context, nullptr, key, nullptr), 1) << TakeErrors();
    std::size_t size = 0;
    EXPECT_EQ(EVP_DigestSign(md.get(), nullptr, &size, message, 7), 1) << TakeErrors();
    EXPECT_GT(size, 0U);
  }
  host_->StartAgent();
}

TEST_F(ProviderKey, RefusesWhatItsAgentDoesNotSign) {
  const LibraryContext context(host_->Config());
  const auto p256 = ReadKey(context, host_->Reference("p256"));
  for (const char* digest : {"SHA1", "SHA384", "SHA3-256", "nonsense"}) {
    EXPECT_EQ(SignMessage(context, p256.get(), digest, "message"), "") << digest;
  }
  EXPECT_EQ(EVP_PKEY_digestsign_supports_digest(p256.get(), context, "SHA384", nullptr), 0);
  EXPECT_EQ(EVP_PKEY_digestsign_supports_digest(p256.get(), context, "SHA256", nullptr), 1);
  const auto ed = ReadKey(context, host_->Reference("ed"));
  EXPECT_EQ(SignMessage(context, ed.get(), "SHA256", "message"), "");
  EXPECT_NE(SignMessage(context, ed.get(), nullptr, std::string(65536, 'm')), "") << TakeErrors();
  EXPECT_EQ(SignMessage(context, ed.get(), nullptr, std::string(65537, 'm')), "");
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("65536"));
}

TEST_F(ProviderKey, PaddingMayBeANumberOrAWord) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("rsa"));
  const auto file = FileKey("rsa");
  int number = RSA_PKCS1_PSS_PADDING;
  int salt = RSA_PSS_SALTLEN_DIGEST;
  char word[] = "pss";
  char salt_word[] = "digest";
  char salt_size[] = "32";
  int max_salt = RSA_PSS_SALTLEN_MAX;
  char max_word[] = "max";
  const OSSL_PARAM numbers[] = {OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &number),
                                OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &salt),
                                OSSL_PARAM_construct_end()};
  const OSSL_PARAM words[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, word, 0),
                              OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt_word, 0),
                              OSSL_PARAM_construct_end()};
  const OSSL_PARAM sizes[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, word, 0),
                              OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt_size, 0),
                              OSSL_PARAM_construct_end()};
  const OSSL_PARAM bad_number[] = {OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PAD_MODE, &number),
                                   OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, &max_salt),
                                   OSSL_PARAM_construct_end()};
  const OSSL_PARAM bad_word[] = {OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, word, 0),
                                 OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, max_word, 0),
                                 OSSL_PARAM_construct_end()};
  for (const OSSL_PARAM* params : {numbers, words, sizes}) {
    const ossl::MdCtx md(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), nullptr, "SHA256", context, nullptr, key.get(), params), 1)
        << TakeErrors();
    std::string signature(256, '\0');
    std::size_t size = signature.size();
    ASSERT_EQ(EVP_DigestSign(md.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                             reinterpret_cast<const unsigned char*>("message"), 7),
              1)
        << TakeErrors();
    const ossl::MdCtx verify(EVP_MD_CTX_new());
    EVP_PKEY_CTX* pctx = nullptr;
    ASSERT_EQ(EVP_DigestVerifyInit_ex(verify.get(), &pctx, "SHA256", nullptr, nullptr, file.get(), nullptr), 1);
    EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
    EXPECT_EQ(EVP_DigestVerify(verify.get(), reinterpret_cast<const unsigned char*>(signature.data()), size,
                               reinterpret_cast<const unsigned char*>("message"), 7),
              1);
  }
  for (const OSSL_PARAM* params : {bad_number, bad_word}) {
    const ossl::MdCtx md(EVP_MD_CTX_new());
    EXPECT_NE(EVP_DigestSignInit_ex(md.get(), nullptr, "SHA256", context, nullptr, key.get(), params), 1);
  }
}

TEST_F(ProviderKey, IsFoundInAStore) {
  for (const Listed listed : kListed) {
    const LibraryContext context(host_->Config(listed));
    OSSL_STORE_CTX* store =
        OSSL_STORE_open_ex(host_->Uri("p256").c_str(), context, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    ASSERT_NE(store, nullptr) << TakeErrors();
    OSSL_STORE_INFO* info = OSSL_STORE_load(store);
    ASSERT_NE(info, nullptr) << TakeErrors();
    EXPECT_EQ(OSSL_STORE_INFO_get_type(info), OSSL_STORE_INFO_PKEY);
    const ossl::PKey key(OSSL_STORE_INFO_get1_PKEY(info));
    EXPECT_FALSE(SignMessage(context, key.get(), "SHA256", "message").empty()) << TakeErrors();
    OSSL_STORE_INFO_free(info);
    EXPECT_EQ(OSSL_STORE_eof(store), 1);
    OSSL_STORE_close(store);
  }
}

TEST_F(ProviderKey, IsMadeInTheAgentUnderTheNameThatItGets) {
  const LibraryContext context(host_->Config());
  const ossl::PKeyCtx make(EVP_PKEY_CTX_new_from_name(context, "EC", "rootkeep.create=yes"));
  ASSERT_EQ(EVP_PKEY_keygen_init(make.get()), 1) << TakeErrors();
  ASSERT_EQ(EVP_PKEY_CTX_set_group_name(make.get(), "P-256"), 1);
  EVP_PKEY* raw = nullptr;
  EXPECT_NE(EVP_PKEY_generate(make.get(), &raw), 1) << "without a name no key is made";
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("rootkeep-name"));
  char name[] = "made";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("rootkeep-name", name, 0), OSSL_PARAM_construct_end()};
  ASSERT_EQ(EVP_PKEY_CTX_set_params(make.get(), params), 1);
  ASSERT_EQ(EVP_PKEY_generate(make.get(), &raw), 1) << TakeErrors();
  const ossl::PKey made(raw);
  const std::string signature = SignMessage(context, made.get(), "SHA256", "message");
  EXPECT_TRUE(VerifyMessage(made.get(), "SHA256", "message", signature));
  OSSL_PARAM* secret = nullptr;
  EXPECT_NE(EVP_PKEY_todata(made.get(), EVP_PKEY_KEYPAIR, &secret), 1);
  raw = nullptr;
  EXPECT_NE(EVP_PKEY_generate(make.get(), &raw), 1) << "the name is taken";
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr(host_->socket()));
  // Who asks for this provider's keys and for no creation does not get one that is in no token.
  EXPECT_EQ(EVP_PKEY_Q_keygen(context, "provider=rootkeep", "EC", "P-256"), nullptr);
}

TEST_F(ProviderKey, AReferenceMayHoldTheAgentToOneKey) {
  const LibraryContext context(host_->Config());
  const auto mine = Digest(Hash::kSha256, host_->Info("p256").public_key.spki());
  const auto other = Digest(Hash::kSha256, host_->Info("p384").public_key.spki());
  ASSERT_THAT(mine, testing::IsOk());
  ASSERT_THAT(other, testing::IsOk());
  EXPECT_NE(ReadKey(context, host_->Reference("p256", *mine)), nullptr) << TakeErrors();
  EXPECT_EQ(ReadKey(context, host_->Reference("p256", *other)), nullptr);
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("another key under this name"));
}

TEST_F(ProviderKey, ErrorsNameTheSocketTheKeyAndTheCause) {
  const LibraryContext context(host_->Config());
  const auto text = ReadFile(host_->Reference("p256"), 1 << 16);
  ASSERT_THAT(text, testing::IsOk());
  std::string damaged = *text;
  damaged.insert(damaged.find('\n') + 1, "AAAA");
  EXPECT_EQ(ReadKey(context, host_->WriteFile("damaged.pem", damaged)), nullptr);
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("not a key reference"));
  EXPECT_EQ(ReadKey(context, host_->Reference("absent")), nullptr);
  const std::string absent = TakeErrors();
  EXPECT_THAT(absent, ::testing::HasSubstr(host_->socket()));
  EXPECT_THAT(absent, ::testing::HasSubstr(host_->Uri("absent")));
  EXPECT_THAT(absent, ::testing::Not(::testing::HasSubstr("unsupported")));
  const LibraryContext nowhere(host_->Config(Listed::kLast, "socket =\n"));
  EXPECT_EQ(ReadKey(nowhere, host_->Pkcs11Reference("p256")), nullptr);
  EXPECT_THAT(TakeErrors(), ::testing::HasSubstr("no key socket"));
}

}  // namespace
}  // namespace rootkeep
