// Mutual TLS with keys of an agent on both sides, in memory; and what is made with such keys beside what is made with
// keys of files.
#include <openssl/ssl.h>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using testing::LibraryContext;
using testing::Listed;
using testing::ReadKey;
using testing::TakeErrors;

using SslCtx = ossl::Owned<SSL_CTX, SSL_CTX_free>;
using Ssl = ossl::Owned<SSL, SSL_free>;

const EVP_MD* DigestOf(const KeyCase& key) {
  return key.digest == nullptr ? nullptr : EVP_get_digestbyname(key.digest);
}

class ProviderTls : public ProviderSuite {
 protected:
  // Of a key's own; unsigned with `sign` null.
  static ossl::Cert Certificate(OSSL_LIB_CTX* context, EVP_PKEY* subject, EVP_PKEY* sign, const EVP_MD* digest) {
    ossl::Cert cert(X509_new_ex(context, nullptr));
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
    ASN1_TIME_set_string(X509_getm_notAfter(cert.get()), "20991231235959Z");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("peer"), -1, -1, 0);
    X509_set_issuer_name(cert.get(), X509_get_subject_name(cert.get()));
    X509_set_pubkey(cert.get(), subject);
    if (sign != nullptr && X509_sign(cert.get(), sign, digest) <= 0) cert.reset();
    return cert;
  }

  static SslCtx Side(OSSL_LIB_CTX* context, const SSL_METHOD* method, EVP_PKEY* key, X509* cert, int version,
                     const char* groups) {
    SslCtx side(SSL_CTX_new_ex(context, nullptr, method));
    if (side == nullptr || SSL_CTX_use_certificate(side.get(), cert) != 1 ||
        SSL_CTX_use_PrivateKey(side.get(), key) != 1 || SSL_CTX_check_private_key(side.get()) != 1 ||
        SSL_CTX_set1_groups_list(side.get(), groups) != 1) {
      return nullptr;
    }
    SSL_CTX_set_min_proto_version(side.get(), version);
    SSL_CTX_set_max_proto_version(side.get(), version);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(side.get()), cert);
    SSL_CTX_set_verify(side.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    return side;
  }

  static bool Handshake(SSL* client, SSL* server) {
    BIO* one = nullptr;
    BIO* two = nullptr;
    BIO_new_bio_pair(&one, 1 << 16, &two, 1 << 16);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, two, two);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int turn = 0; turn < 20; ++turn) {
      const int a = SSL_do_handshake(client);
      const int b = SSL_do_handshake(server);
      if (a == 1 && b == 1) return true;
      for (const auto& [side, result] : {std::pair{client, a}, std::pair{server, b}}) {
        if (result != 1 && SSL_get_error(side, result) != SSL_ERROR_WANT_READ) return false;
      }
    }
    return false;
  }
};

TEST_F(ProviderTls, BothSidesWithEveryKeyVersionAndGroupHoweverItIsListed) {
  for (const Listed listed : {Listed::kLast, Listed::kFirst, Listed::kLastPreferred, Listed::kFirstPreferred}) {
    const LibraryContext context(host_->Config(listed));
    for (const KeyCase& key : kKeys) {
      const auto pkey = ReadKey(context, host_->Reference(key.name));
      ASSERT_NE(pkey, nullptr);
      const ossl::Cert cert = Certificate(context, pkey.get(), pkey.get(), DigestOf(key));
      ASSERT_NE(cert, nullptr) << TakeErrors();
      for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        for (const char* groups : {"X25519:P-256:P-384", "P-256:P-384", "P-384:P-256"}) {
          const std::string where = std::string(key.name) + " " + std::to_string(version) + " " + groups + " listed " +
                                    std::to_string(static_cast<int>(listed));
          const SslCtx client = Side(context, TLS_client_method(), pkey.get(), cert.get(), version, groups);
          const SslCtx server = Side(context, TLS_server_method(), pkey.get(), cert.get(), version, groups);
          ASSERT_NE(client, nullptr) << where << TakeErrors();
          ASSERT_NE(server, nullptr) << where << TakeErrors();
          const Ssl c(SSL_new(client.get()));
          const Ssl s(SSL_new(server.get()));
          EXPECT_TRUE(Handshake(c.get(), s.get())) << where << TakeErrors();
          EXPECT_EQ(SSL_version(c.get()), version);
        }
      }
    }
  }
}

TEST_F(ProviderTls, AnotherKeysCertificateIsRefused) {
  const LibraryContext context(host_->Config());
  const auto key = ReadKey(context, host_->Reference("p256"));
  const ossl::PKey other(EVP_PKEY_Q_keygen(context, nullptr, "EC", "P-256"));
  const ossl::Cert cert = Certificate(context, other.get(), other.get(), EVP_sha256());
  const SslCtx side(SSL_CTX_new_ex(context, nullptr, TLS_method()));
  ASSERT_EQ(SSL_CTX_use_certificate(side.get(), cert.get()), 1);
  EXPECT_NE(SSL_CTX_use_PrivateKey(side.get(), key.get()), 1);
}

ossl::PKey NewFileKey(const KeyCase& key) {
  const std::string type = key.type;
  if (type == "RSA") return ossl::PKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", 2048UL));
  if (type == "EC") {
    return ossl::PKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", std::string(key.name) == "p384" ? "P-384" : "P-256"));
  }
  return ossl::PKey(EVP_PKEY_Q_keygen(nullptr, nullptr, key.type));
}

template <auto kEncode, typename T>
Bytes Der(T* value) {
  unsigned char* der = nullptr;
  const int size = kEncode(value, &der);
  Bytes octets(der, der + std::max(size, 0));
  OPENSSL_free(der);
  return octets;
}

Bytes AlgorithmOf(const X509* cert) {
  const X509_ALGOR* algorithm = nullptr;
  X509_get0_signature(nullptr, &algorithm, cert);
  return Der<i2d_X509_ALGOR>(algorithm);
}

// The same certificate by a key of a file, but for the signature: the key in it is put there from a file's SPKI.
TEST_F(ProviderTls, CertificatesAndRequestsAreThoseOfAFilesKey) {
  const LibraryContext context(host_->Config());
  for (const KeyCase& key : kKeys) {
    const auto ours = ReadKey(context, host_->Reference(key.name));
    const auto file = FileKey(key.name);
    const auto signer = NewFileKey(key);
    const ossl::Cert made = Certificate(context, ours.get(), ours.get(), DigestOf(key));
    const ossl::Cert expected = Certificate(nullptr, file.get(), signer.get(), DigestOf(key));
    ASSERT_NE(made, nullptr) << key.name << TakeErrors();
    X509_set1_notBefore(expected.get(), X509_get0_notBefore(made.get()));
    ASSERT_GT(X509_sign(expected.get(), signer.get(), DigestOf(key)), 0);
    EXPECT_EQ(Der<i2d_re_X509_tbs>(made.get()), Der<i2d_re_X509_tbs>(expected.get())) << key.name;
    EXPECT_EQ(AlgorithmOf(made.get()), AlgorithmOf(expected.get())) << key.name;
    EXPECT_EQ(X509_verify(made.get(), file.get()), 1);

    const ossl::CertReq request(X509_REQ_new_ex(context, nullptr));
    const ossl::CertReq like(X509_REQ_new());
    for (const auto& [to, subject, by] :
         {std::tuple{request.get(), ours.get(), ours.get()}, std::tuple{like.get(), file.get(), signer.get()}}) {
      X509_REQ_set_version(to, X509_REQ_VERSION_1);
      X509_REQ_set_subject_name(to, X509_get_subject_name(made.get()));
      X509_REQ_set_pubkey(to, subject);
      ASSERT_GT(X509_REQ_sign(to, by, DigestOf(key)), 0) << key.name << TakeErrors();
    }
    EXPECT_EQ(Der<i2d_re_X509_REQ_tbs>(request.get()), Der<i2d_re_X509_REQ_tbs>(like.get())) << key.name;
    EXPECT_EQ(X509_REQ_verify(request.get(), file.get()), 1);
  }
}

TEST_F(ProviderTls, PssCertificatesAreThoseOfAFilesKey) {
  const LibraryContext context(host_->Config());
  const auto ours = ReadKey(context, host_->Reference("rsa"));
  const auto file = FileKey("rsa");
  const auto signer = NewFileKey(kKeys[2]);
  for (const char* digest : {"SHA256", "SHA384", "SHA512"}) {
    std::array<Bytes, 2> algorithms;
    for (const bool provider : {true, false}) {
      const ossl::Cert cert = Certificate(provider ? static_cast<OSSL_LIB_CTX*>(context) : nullptr,
                                          provider ? ours.get() : file.get(), nullptr, nullptr);
      const ossl::MdCtx md(EVP_MD_CTX_new());
      EVP_PKEY_CTX* pctx = nullptr;
      ASSERT_EQ(EVP_DigestSignInit_ex(md.get(), &pctx, digest, provider ? static_cast<OSSL_LIB_CTX*>(context) : nullptr,
                                      nullptr, provider ? ours.get() : signer.get(), nullptr),
                1)
          << TakeErrors();
      ASSERT_EQ(EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING), 1) << TakeErrors();
      ASSERT_EQ(EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST), 1) << TakeErrors();
      ASSERT_GT(X509_sign_ctx(cert.get(), md.get()), 0) << TakeErrors();
      algorithms.at(provider ? 0 : 1) = AlgorithmOf(cert.get());
      EXPECT_EQ(X509_verify(cert.get(), provider ? file.get() : signer.get()), 1) << TakeErrors();
    }
    EXPECT_EQ(algorithms[0], algorithms[1]) << digest;
  }
}

}  // namespace
}  // namespace rootkeep
