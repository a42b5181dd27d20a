// CMS (RFC 5652) signed by a key in a token, beside what the very same key signs from a file.
#include <openssl/cms.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "tests/e2e/provider_fixture.h"

namespace rootkeep {
namespace {

using testing::LibraryContext;
using testing::ReadKey;
using testing::TakeErrors;

using Cms = ossl::Owned<CMS_ContentInfo, CMS_ContentInfo_free>;

struct CmsCase {
  const char* name;
  const char* group;  // null: RSA
  const char* digest;
  bool pss = false;
};

class ProviderCms : public ProviderSuite {
 protected:
  static ossl::PKey MakeFileKey(const CmsCase& kind, const std::string& file) {
    ossl::PKey key(kind.group == nullptr ? EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", 2048UL)
                                         : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.group));
    const ossl::Bio bio(BIO_new_file(file.c_str(), "w"));
    EXPECT_EQ(PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr), 1);
    return key;
  }

  static ossl::Cert Certify(EVP_PKEY* key, const EVP_MD* digest) {
    ossl::Cert cert(X509_new());
    X509_set_version(cert.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1);
    X509_NAME* name = X509_get_subject_name(cert.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("signer"), -1, -1, 0);
    X509_set_issuer_name(cert.get(), name);
    X509_gmtime_adj(X509_getm_notBefore(cert.get()), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert.get()), 3600);
    X509_set_pubkey(cert.get(), key);
    EXPECT_GT(X509_sign(cert.get(), key, digest), 0);
    return cert;
  }

  // With signed attributes, the time among them always the same. Null when it fails.
  static Cms Sign(OSSL_LIB_CTX* where, EVP_PKEY* key, X509* cert, const CmsCase& kind) {
    const EVP_MD* digest = EVP_get_digestbyname(kind.digest);
    const ossl::Bio data(BIO_new_mem_buf("content", 7));
    Cms cms(CMS_sign_ex(nullptr, nullptr, nullptr, nullptr, CMS_PARTIAL | CMS_BINARY, where, nullptr));
    CMS_SignerInfo* info = CMS_add1_signer(cms.get(), cert, key, digest, CMS_BINARY | (kind.pss ? CMS_KEY_PARAM : 0U));
    if (info == nullptr) return nullptr;
    // No salt named is the longest there is for OpenSSL, which agents do not make.
    EVP_PKEY_CTX* choices = kind.pss ? CMS_SignerInfo_get0_pkey_ctx(info) : nullptr;
    if (kind.pss && (EVP_PKEY_CTX_set_rsa_padding(choices, RSA_PKCS1_PSS_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(choices, RSA_PSS_SALTLEN_DIGEST) != 1)) {
      return nullptr;
    }
    constexpr char kTime[] = "261129120000Z";
    if (CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, V_ASN1_UTCTIME, kTime, sizeof kTime - 1) != 1 ||
        CMS_final(cms.get(), data.get(), nullptr, CMS_BINARY) != 1) {
      return nullptr;
    }
    return cms;
  }

  static Bytes Der(CMS_ContentInfo* cms) {
    unsigned char* der = nullptr;
    const int size = i2d_CMS_ContentInfo(cms, &der);
    Bytes octets(der, der + std::max(size, 0));
    OPENSSL_free(der);
    return octets;
  }
  static bool Verifies(CMS_ContentInfo* cms, X509* cert) {
    const ossl::Store trust(X509_STORE_new());
    X509_STORE_add_cert(trust.get(), cert);
    return CMS_verify(cms, nullptr, trust.get(), nullptr, nullptr, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
  }
  // Of the only signer.
  static void ReplaceSignature(CMS_ContentInfo* cms) {
    CMS_SignerInfo* info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms), 0);
    ASN1_STRING_set(CMS_SignerInfo_get0_signature(info), "signature", 9);
  }
};

// OpenSSL 3.0 has no CMS with Ed25519.
TEST_F(ProviderCms, IsThatOfAFilesKeyOctetForOctet) {
  const CmsCase kinds[] = {{"cms-p256", "P-256", "SHA256"},
                           {"cms-p384", "P-384", "SHA384"},
                           {"cms-rsa", nullptr, "SHA256"},
                           {"cms-rsa", nullptr, "SHA512"},
                           {"cms-pss", nullptr, "SHA256", true}};
  const LibraryContext context(host_->Config());
  int number = 0;
  for (const CmsCase& kind : kinds) {
    const std::string name = kind.name + std::to_string(++number);
    const std::string file = host_->Path(name + ".key");
    const ossl::PKey same = MakeFileKey(kind, file);
    host_->Import(name, file);
    const ossl::PKey ours = ReadKey(context, host_->Reference(name));
    ASSERT_NE(ours, nullptr) << name << TakeErrors();
    const ossl::Cert cert = Certify(same.get(), EVP_get_digestbyname(kind.digest));
    const Cms made = Sign(context, ours.get(), cert.get(), kind);
    const Cms expected = Sign(nullptr, same.get(), cert.get(), kind);
    ASSERT_NE(made, nullptr) << name << TakeErrors();
    ASSERT_NE(expected, nullptr) << name << TakeErrors();
    EXPECT_TRUE(Verifies(made.get(), cert.get())) << name << TakeErrors();
    // Where nothing in a signature is random, it is the same too.
    const bool random = kind.pss || kind.group != nullptr;
    EXPECT_EQ(Der(made.get()) == Der(expected.get()), !random) << name;
    for (const Cms* cms : {&made, &expected}) ReplaceSignature(cms->get());
    EXPECT_EQ(Der(made.get()), Der(expected.get())) << name;
  }
}

}  // namespace
}  // namespace rootkeep
