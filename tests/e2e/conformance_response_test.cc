// istio-protocol.md §8, cases 47 to 51: the shape of the answer (§1.4).
#include <algorithm>

#include "signer/authority/certificates.h"
#include "tests/e2e/other_hierarchy.h"
#include "tests/e2e/shared_daemon.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using ::testing::ElementsAre;
using testing::Identity;
using testing::IstioAnswer;
using testing::IstioCall;
using testing::WasIssuedTo;

std::size_t Blocks(const std::string& element) {
  const auto parsed = ParseCertificates(element);
  return parsed.ok() ? parsed->size() : 0;
}

void ExpectOneBlock(const std::string& element) {
  EXPECT_EQ(Blocks(element), 1U);
  EXPECT_TRUE(element.starts_with("-----BEGIN CERTIFICATE-----\n")) << element;
  EXPECT_TRUE(element.ends_with("-----END CERTIFICATE-----\n")) << element;
}

// A daemon for each case: what was in a bundle once stays in it.
class ConformanceResponse : public testing::SharedDaemon {
 public:
  static void SetUpTestSuite() {}
  static void TearDownTestSuite() {}

 protected:
  void SetUp() override { SharedDaemon::SetUpTestSuite(); }
  void TearDown() override { SharedDaemon::TearDownTestSuite(); }

  // The roots that the daemon began with.
  static std::string FirstRoots() { return fixture().root_pem() + client_ca().CertificatePem(); }

  void Use(const std::string& chain, const std::string& bundle) {
    const std::string chain_file = WriteFile("chain.pem", chain);
    const std::string bundle_file = WriteFile("bundle.pem", bundle);
    Reload([&](config::Config& config) {
      config.authorities.front().chain_file = chain_file;
      config.authorities.front().bundle_file = bundle_file;
      config.authorities.front().extra_anchors_file.clear();
    });
  }

  const Identity root_ = testing::MakeCa("root kept elsewhere");
  const std::string root_pem_ = root_.CertificatePem();
};

TEST_F(ConformanceResponse, Case47_OneIntermediate) {
  const std::string issuing = Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), root_);
  Use(issuing, root_pem_);
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  ASSERT_EQ(answer.chain.size(), 3U);
  ExpectOneBlock(answer.chain[0]);
  EXPECT_EQ(answer.chain[1], issuing);
  EXPECT_EQ(answer.chain[2], FirstRoots() + root_pem_);
}

TEST_F(ConformanceResponse, Case47_TwoIntermediatesAreTwoElements) {
  const Identity above = testing::MakeIdentity(testing::CaShape("intermediate"), &root_);
  const std::string issuing = Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), above);
  // Blank lines and words between the blocks do not get into the elements.
  Use("the issuing CA:\n" + issuing + "\n\nabove it:\n" + above.CertificatePem() + "\n", root_pem_);
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  ASSERT_EQ(answer.chain.size(), 4U);
  EXPECT_THAT(std::vector(answer.chain.begin() + 1, answer.chain.end()),
              ElementsAre(issuing, above.CertificatePem(), FirstRoots() + root_pem_));
  for (std::size_t i = 0; i < 3; ++i) ExpectOneBlock(answer.chain[i]);
}

// A root that issues by itself: two elements in istiod, and the smallest answer that clients take (§1.5).
TEST_F(ConformanceResponse, Case47_ASelfSignedAuthority) {
  const std::string file = WriteFile("self-signed.pem", fixture().root_pem());
  Reload([&](config::Config& config) {
    config::Authority& authority = config.authorities.front();
    authority.key = fixture().root_key_uri();
    authority.chain_file = file;
    authority.bundle_file = file;
    authority.extra_anchors_file.clear();
  });
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  EXPECT_THAT(std::vector(answer.chain.begin() + 1, answer.chain.end()), ElementsAre(FirstRoots()));
  EXPECT_EQ(X509_verify(answer.Certificate().get(), X509_get0_pubkey(answer.Certificate(1).get())), 1);
}

TEST_F(ConformanceResponse, Case48_TwoRootsAreOneElement) {
  const std::string other = testing::MakeCa("second root").CertificatePem();
  Use(Recertify(IssuingCertificate(), testing::CaShape("issuing CA"), root_), root_pem_ + other);
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  ASSERT_EQ(answer.chain.size(), 3U);
  EXPECT_EQ(answer.chain.back(), FirstRoots() + root_pem_ + other);
}

TEST_F(ConformanceResponse, Case48_ExtraAnchorsJoinTheLastElement) {
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  ASSERT_EQ(answer.chain.size(), 3U);
  EXPECT_EQ(answer.chain.back(), FirstRoots());
}

TEST_F(ConformanceResponse, Case49_TheElementsJoinedAreValidPem) {
  const IstioAnswer answer = Ask();
  ASSERT_THAT(answer, WasIssuedTo(kSelf));
  std::string joined;
  std::size_t blocks = 0;
  for (const std::string& element : answer.chain) {
    joined += element;
    blocks += Blocks(element);
  }
  EXPECT_EQ(blocks, 4U) << "leaf, issuing CA and two roots";
  EXPECT_EQ(Blocks(joined), blocks);
}

TEST_F(ConformanceResponse, Case50_CertSignerChangesNothing) {
  const IstioAnswer plain = Ask();
  for (const std::string signer : {"", "mesh", "some/other-signer"}) {
    const IstioAnswer answer = Ask(IstioCall().Metadata("CertSigner", signer));
    ASSERT_THAT(answer, WasIssuedTo(kSelf)) << signer;
    EXPECT_TRUE(std::equal(answer.chain.begin() + 1, answer.chain.end(), plain.chain.begin() + 1, plain.chain.end()));
  }
}

TEST_F(ConformanceResponse, Case51_UnknownMetadataIsIgnored) {
  IstioCall call;
  call.Metadata("WorkloadName", "web").Metadata("impersonatedidentity", "spiffe://cluster.local/ns/a/sa/b");
  call.Metadata("", "").Metadata("ClusterID", "elsewhere");
  (*call.metadata.mutable_fields())["Deep"].mutable_struct_value();
  EXPECT_THAT(Ask(call), WasIssuedTo(kSelf));
}

}  // namespace
}  // namespace rootkeep
