// Leaves verify by OpenSSL's strict rules, for every kind of CA key and of subject key.
#include <openssl/x509v3.h>

#include <map>

#include "signer/authority/authority.h"
#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "signer/csr/csr.h"
#include "signer/lint/lint.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep {
namespace {

using testing::IsOk;
using testing::TestHierarchy;

const WallTime kNow = FromUnixSeconds(testing::kTestNow);

const std::vector<std::string>& SubjectKinds() {
  static const auto& kinds =
      *new std::vector<std::string>{"P-256", "P-384", "ED25519", "RSA:2048", "RSA:2560", "RSA:3072", "RSA:4096"};
  return kinds;
}

EVP_PKEY* SubjectKey(const std::string& kind) {
  static auto& keys = *new std::map<std::string, ossl::PKey>();
  if (!keys.contains(kind)) keys[kind] = testing::MakeKey(kind);
  return keys[kind].get();
}

const TestHierarchy& Hierarchy(const std::string& kind) {
  static auto& hierarchies = *new std::map<std::string, std::unique_ptr<TestHierarchy>>();
  if (!hierarchies.contains(kind)) hierarchies[kind] = std::make_unique<TestHierarchy>(kind);
  return *hierarchies[kind];
}

// The whole way of one certificate with the scheme given.
Result<Bytes> Issue(const Authority& authority, SignatureScheme scheme, EVP_PKEY* subject_key) {
  RK_TRY(const Csr csr, ParseCsr(testing::MakeCsrPem(subject_key, testing::kTestIdentity)));
  RK_RETURN_IF_ERROR(VerifyProofOfPossession(csr));
  Decision decision = testing::LeafDecision();
  decision.spki = csr.spki;
  IssuerView issuer = authority.View();
  issuer.scheme = scheme;
  RK_TRY(const Bytes serial, NewSerial());
  RK_TRY(const Bytes tbs, BuildTbs(decision, issuer, serial));
  RK_RETURN_IF_ERROR(Lint(tbs, decision, issuer));
  RK_TRY(const Bytes input, Digest(SchemeHash(scheme), tbs));
  RK_TRY(const Bytes signature, authority.signer().Sign(scheme, input, After(std::chrono::seconds(30))));
  RK_TRY(const SignatureChecker checker, SignatureChecker::Make(authority.signer().public_key(), scheme));
  RK_RETURN_IF_ERROR(checker.Check(input, signature));
  return AssembleCertificate(tbs, scheme, signature);
}

// `openssl verify -x509_strict -purpose ... -untrusted issuing -trusted root leaf`.
std::string Verify(const TestHierarchy& ca, const Bytes& leaf_der, int purpose) {
  const ossl::Cert leaf = ParseCertificateDer(leaf_der).value();
  const ossl::Cert issuing = ParseCertificateDer(ca.issuing_der).value();
  const ossl::Cert root = ParseCertificateDer(ca.root_der).value();
  const ossl::Owned<STACK_OF(X509), [](STACK_OF(X509) * s) { sk_X509_free(s); }> untrusted(sk_X509_new_null());
  sk_X509_push(untrusted.get(), issuing.get());
  const ossl::Store store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), root.get());
  const ossl::StoreCtx ctx(X509_STORE_CTX_new());
  X509_STORE_CTX_init(ctx.get(), store.get(), leaf.get(), untrusted.get());
  X509_STORE_CTX_set_flags(ctx.get(),
                           X509_V_FLAG_X509_STRICT | X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_STORE_CTX_set_purpose(ctx.get(), purpose);
  X509_STORE_CTX_set_time(ctx.get(), 0, testing::kTestNow);
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx.get()), 2);
  if (X509_verify_cert(ctx.get()) == 1) return "ok";
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx.get()));
}

class IssuedChain : public ::testing::TestWithParam<const char*> {};

TEST_P(IssuedChain, VerifiesStrictly) {
  const TestHierarchy& ca = Hierarchy(GetParam());
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  for (const std::string& kind : SubjectKinds()) {
    SCOPED_TRACE(kind);
    ASSERT_OK_AND_ASSIGN(const Bytes leaf, Issue(*authority, authority->scheme(), SubjectKey(kind)));
    EXPECT_EQ(Verify(ca, leaf, X509_PURPOSE_SSL_SERVER), "ok");
    EXPECT_EQ(Verify(ca, leaf, X509_PURPOSE_SSL_CLIENT), "ok");
    ASSERT_OK_AND_ASSIGN(const ossl::Cert cert, ParseCertificateDer(leaf));
    EXPECT_EQ(EVP_PKEY_eq(X509_get0_pubkey(cert.get()), SubjectKey(kind)), 1);
  }
}

TEST_P(IssuedChain, VerifiesWithEverySchemeOfTheKey) {
  const TestHierarchy& ca = Hierarchy(GetParam());
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  for (const SignatureScheme scheme : SchemesOf(ca.issuing->public_key().type())) {
    ASSERT_OK_AND_ASSIGN(const Bytes leaf, Issue(*authority, scheme, SubjectKey("P-256")));
    EXPECT_EQ(Verify(ca, leaf, X509_PURPOSE_SSL_SERVER), "ok") << SchemeName(scheme);
  }
}

TEST_P(IssuedChain, ChangedCertificateDoesNotVerify) {
  const TestHierarchy& ca = Hierarchy(GetParam());
  ASSERT_OK_AND_ASSIGN(const auto authority, Authority::Make(ca.Parts(), kNow));
  ASSERT_OK_AND_ASSIGN(Bytes leaf, Issue(*authority, authority->scheme(), SubjectKey("P-256")));
  leaf[20] ^= 1;  // in the serial
  EXPECT_NE(Verify(ca, leaf, X509_PURPOSE_SSL_SERVER), "ok");
}

INSTANTIATE_TEST_SUITE_P(CaKeys, IssuedChain,
                         ::testing::Values("P-256", "P-384", "ED25519", "RSA:2048", "RSA:3072", "RSA:4096"));

}  // namespace
}  // namespace rootkeep
