#include "signer/bundle/root_certificate.h"

#include "signer/authority/certificates.h"
#include "signer/certificate/certificate.h"
#include "tests/support/matchers.h"
#include "tests/support/test_certificate.h"
#include "tests/support/test_hierarchy.h"

namespace rootkeep {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::kTestNow;
using testing::TestHierarchy;

const WallTime kNow = FromUnixSeconds(kTestNow);

TEST(RootCertificate, IsNamedByFingerprintOrKeyIdentifier) {
  const TestHierarchy ca;
  ASSERT_OK_AND_ASSIGN(const BundleRoot root, ReadRoot(ca.root_der));
  EXPECT_EQ(root.subject_key_id, ca.root->public_key().key_id());
  EXPECT_EQ(root.fingerprint, ToHex(Digest(Hash::kSha256, ca.root_der).value()));
  const std::string id = ToHex(root.subject_key_id);
  EXPECT_TRUE(IsNamed(root, root.fingerprint));
  EXPECT_TRUE(IsNamed(root, id));
  EXPECT_TRUE(IsNamed(root, id.substr(0, 2) + ":" + id.substr(2)));
  EXPECT_FALSE(IsNamed(root, ""));
  EXPECT_FALSE(IsNamed(root, id.substr(2)));
}

TEST(RootCertificate, OneWithoutKeyIdentifierHasNoEmptyName) {
  ASSERT_OK_AND_ASSIGN(BundleRoot root, ReadRoot(TestHierarchy().root_der));
  root.subject_key_id.clear();
  EXPECT_FALSE(IsNamed(root, ":"));
}

TEST(RootCertificate, AFilesRootsAreReadOnceEach) {
  const TestHierarchy ca;
  const TestHierarchy other;
  const std::string pem = CertificatePem(ca.root_der) + CertificatePem(other.root_der) + CertificatePem(ca.root_der);
  ASSERT_OK_AND_ASSIGN(const auto roots, ReadRoots(pem));
  ASSERT_EQ(roots.size(), 2U);
  EXPECT_EQ(roots[1].certificate, other.root_der);
}

TEST(RootCertificate, ANewOneIsARootThatClientsCanUse) {
  const TestHierarchy ca;
  ASSERT_OK_AND_ASSIGN(const BundleRoot root, ReadRoot(ca.root_der));
  EXPECT_THAT(CheckNewRoot(root, kNow), IsOk());
  EXPECT_THAT(CheckNewRoot(root, kNow - std::chrono::hours(1)), HasReason("root_certificate"));
  EXPECT_THAT(CheckNewRoot(root, kNow + std::chrono::hours(24 * 3650)), HasReason("root_certificate"));

  ASSERT_OK_AND_ASSIGN(const BundleRoot issuing, ReadRoot(ca.issuing_der));
  EXPECT_THAT(CheckNewRoot(issuing, kNow), HasReason("root_certificate")) << "not self-signed";

  BundleRoot forged = root;
  forged.certificate.back() ^= 1;
  EXPECT_THAT(CheckNewRoot(forged, kNow), HasReason("root_certificate")) << "signed by another key";

  ASSERT_OK_AND_ASSIGN(const BundleRoot leaf, ReadRoot(testing::MakeIdentity({.common_name = "leaf"}).Der()));
  EXPECT_THAT(CheckNewRoot(leaf, kNow), HasReason("root_certificate")) << "no CA";

  BundleRoot nameless = root;
  nameless.subject_key_id.clear();
  EXPECT_THAT(CheckNewRoot(nameless, kNow), HasReason("root_certificate"));
}

TEST(RootCertificate, AWeakOneIsRefused) {
  const auto check = [](ossl::PKey key, const testing::CertificateShape& shape) -> Status {
    const testing::Identity ca = testing::MakeIdentityWithKey(std::move(key), shape, nullptr);
    RK_TRY(const BundleRoot root, ReadRoot(ca.Der()));
    return CheckNewRoot(root, kNow);
  };
  testing::CertificateShape shape = testing::RootShape();
  EXPECT_THAT(check(testing::MakeKey("RSA:2048"), shape), IsOk());
  EXPECT_THAT(check(testing::MakeKey("RSA:1024"), shape), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(check(testing::MakeKey("P-224"), shape), HasCode(Code::kInvalidArgument)) << "no key type of ours";
  shape.digest = "SHA1";
  EXPECT_THAT(check(testing::MakeKey("P-256"), shape), HasReason("root_certificate"));
}

TEST(RootCertificate, WhatIsNoneIsRefused) {
  EXPECT_THAT(ReadRoot({}), HasReason("certificates"));
  EXPECT_THAT(ReadRoot(Bytes(kMaxRootSize + 1, 0x30)), HasReason("certificates"));
  Bytes longer = TestHierarchy().root_der;
  longer.push_back(0);
  EXPECT_THAT(ReadRoot(longer), HasReason("certificates"));
  EXPECT_THAT(ReadRoots("no certificate"), HasReason("certificates"));
}

}  // namespace
}  // namespace rootkeep
