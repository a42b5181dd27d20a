// Proof of possession, for every kind of key.
#include <thread>

#include "signer/csr/csr.h"
#include "signer/der/oid.h"
#include "tests/support/csr_builder.h"
#include "tests/support/csr_oracle.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

using testing::CsrBuilder;
using testing::HasCode;
using testing::HasReason;
using testing::IsOk;

class Proof : public ::testing::TestWithParam<const char*> {
 protected:
  ossl::PKey key_ = testing::MakeKey(GetParam());
  CsrBuilder builder_{key_.get()};
};

TEST_P(Proof, Holds) {
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder_.Der()));
  EXPECT_THAT(VerifyProofOfPossession(csr), IsOk());
}

TEST_P(Proof, Case29ModifiedSignature) {
  ASSERT_OK_AND_ASSIGN(const Csr good, ParseCsrDer(builder_.Der()));
  for (std::size_t at = 0; at < good.signature.size(); ++at) {
    Csr bad = good;
    bad.signature[at] ^= 0x01;
    EXPECT_THAT(VerifyProofOfPossession(bad), HasCode(Code::kInvalidArgument)) << at;
    EXPECT_THAT(VerifyProofOfPossession(bad), HasReason("csr_signature")) << at;
  }
  for (const Bytes& signature : {Bytes{}, Bytes{0x30, 0x00}, Bytes(64, 0), Bytes(5000, 0xff)}) {
    Csr bad = good;
    bad.signature = signature;
    EXPECT_THAT(VerifyProofOfPossession(bad), HasReason("csr_signature"));
  }
}

TEST_P(Proof, ModifiedInformation) {
  ASSERT_OK_AND_ASSIGN(Csr csr, ParseCsrDer(builder_.Der()));
  csr.der[csr.info_offset + csr.info_size - 1] ^= 0x01;
  EXPECT_THAT(VerifyProofOfPossession(csr), HasReason("csr_signature"));
}

TEST_P(Proof, SomebodyElsesKey) {
  const ossl::PKey other = testing::MakeKey(GetParam());
  builder_.spki = testing::SpkiOf(other.get());
  ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder_.Der()));
  EXPECT_THAT(VerifyProofOfPossession(csr), HasReason("csr_signature"));
  EXPECT_EQ(testing::DisagreementWithOpenSsl(csr, false), "");
}

INSTANTIATE_TEST_SUITE_P(Keys, Proof, ::testing::Values("P-256", "P-384", "ED25519", "RSA:2048", "RSA:3072"));

TEST(ProofHashes, EveryHashWithEveryKey) {
  struct Case {
    const char* kind;
    const char* md;
    Bytes algorithm;
  };
  namespace oid = der::oid;
  const std::vector<Case> cases{
      {"P-256", "SHA384", testing::AlgorithmOf(oid::kEcdsaSha384, false)},
      {"P-256", "SHA512", testing::AlgorithmOf(oid::kEcdsaSha512, false)},
      {"P-384", "SHA384", testing::AlgorithmOf(oid::kEcdsaSha384, false)},
      {"P-384", "SHA512", testing::AlgorithmOf(oid::kEcdsaSha512, false)},
      {"RSA:2048", "SHA384", testing::AlgorithmOf(oid::kRsaSha384, true)},
      {"RSA:2048", "SHA512", testing::AlgorithmOf(oid::kRsaSha512, true)},
  };
  for (const Case& c : cases) {
    const ossl::PKey key = testing::MakeKey(c.kind);
    CsrBuilder builder(key.get());
    builder.md = c.md;
    builder.algorithm = c.algorithm;
    ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder.Der()));
    EXPECT_THAT(VerifyProofOfPossession(csr), IsOk()) << c.kind << c.md;
    builder.md = "SHA256";  // signed with another hash than it says
    ASSERT_OK_AND_ASSIGN(const Csr mixed, ParseCsrDer(builder.Der()));
    EXPECT_THAT(VerifyProofOfPossession(mixed), HasReason("csr_signature")) << c.kind << c.md;
  }
}

// Together they come to what each comes to alone, whatever stands beside it.
TEST(ProofsTogether, SameVerdictsInTheirOrder) {
  EXPECT_TRUE(VerifyProofsOfPossession({}).empty());
  std::vector<Csr> csrs;
  const auto add = [&csrs](const CsrBuilder& builder) {
    ASSERT_OK_AND_ASSIGN(Csr csr, ParseCsrDer(builder.Der()));
    csrs.push_back(csr);
    csr.signature.back() ^= 0x01;
    csrs.push_back(csr);
    csr.signature.clear();
    csrs.push_back(csr);
  };
  for (int round = 0; round < 4; ++round) {
    for (const char* kind : {"P-256", "ED25519", "P-256", "P-384", "P-256", "RSA:2048"}) {
      const ossl::PKey key = testing::MakeKey(kind);
      add(CsrBuilder(key.get()));
    }
    const ossl::PKey key = testing::MakeKey("P-256");
    CsrBuilder longer(key.get());
    longer.md = "SHA512";
    longer.algorithm = testing::AlgorithmOf(der::oid::kEcdsaSha512, false);
    add(longer);
    Csr off_curve = csrs.front();
    off_curve.spki.back() ^= 0x01;
    csrs.push_back(off_curve);
  }
  std::vector<const Csr*> pointers;
  for (const Csr& csr : csrs) pointers.push_back(&csr);
  const std::vector<Status> together = VerifyProofsOfPossession(pointers);
  ASSERT_EQ(together.size(), csrs.size());
  int good = 0;
  for (std::size_t i = 0; i < csrs.size(); ++i) {
    const Status alone = VerifyProofOfPossession(csrs[i]);
    ASSERT_EQ(together[i].ok(), alone.ok()) << i;
    good += alone.ok() ? 1 : 0;
    if (alone.ok()) continue;
    EXPECT_EQ(together[i].error().code(), alone.error().code()) << i;
    EXPECT_EQ(together[i].error().reason(), alone.error().reason()) << i;
  }
  EXPECT_EQ(good, 4 * 7);
}

TEST(ProofThreads, EachThreadHasItsOwnHolders) {
  const ossl::PKey first = testing::MakeKey("P-256");
  const ossl::PKey second = testing::MakeKey("P-256");
  ASSERT_OK_AND_ASSIGN(const Csr a, ParseCsrDer(CsrBuilder(first.get()).Der()));
  ASSERT_OK_AND_ASSIGN(const Csr b, ParseCsrDer(CsrBuilder(second.get()).Der()));
  const auto loop = [](const Csr& x, const Csr& y) {
    for (int i = 0; i < 50; ++i) {
      EXPECT_THAT(VerifyProofOfPossession(x), IsOk());
      EXPECT_THAT(VerifyProofOfPossession(y), IsOk());
    }
  };
  std::thread other([&] { loop(b, a); });
  loop(a, b);
  other.join();
}

}  // namespace
}  // namespace rootkeep
