#include "attestation/verifier/csr_proof.h"

#include "attestation/verifier/reasons.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::attestation {
namespace {

using testing::CsrBuilder;
using testing::HasReason;
using testing::IsOk;

TEST(CsrProof, IsOfTheNodeKey) {
  for (const char* kind : {"P-256", "P-384", "RSA:2048"}) {
    const auto key = testing::MakeKey(kind);
    EXPECT_THAT(CheckCsr(CsrBuilder(key.get()).Der(), testing::SpkiOf(key.get())), IsOk()) << kind;
  }
}

TEST(CsrProof, IsOfNoOtherKey) {
  const auto key = testing::MakeKey("P-256");
  const auto other = testing::MakeKey("P-256");
  EXPECT_THAT(CheckCsr(CsrBuilder(other.get()).Der(), testing::SpkiOf(key.get())), HasReason(reason::kCsrKey));
}

TEST(CsrProof, IsSignedByThatKey) {  // somebody else's key in the attacker's request
  const auto key = testing::MakeKey("P-256");
  const auto attacker = testing::MakeKey("P-256");
  CsrBuilder builder(attacker.get());
  builder.spki = testing::SpkiOf(key.get());
  EXPECT_THAT(CheckCsr(builder.Der(), testing::SpkiOf(key.get())), HasReason(reason::kCsrProof));
}

TEST(CsrProof, IsSignedWithAStrongHash) {
  const auto key = testing::MakeKey("RSA:2048");
  CsrBuilder builder(key.get());
  builder.md = "SHA1";
  constexpr std::array<std::uint8_t, 9> kSha1WithRsa{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x05};
  builder.algorithm = testing::AlgorithmOf(kSha1WithRsa, true);
  EXPECT_THAT(CheckCsr(builder.Der(), testing::SpkiOf(key.get())), HasReason(reason::kCsrProof));
}

TEST(CsrProof, MayBeSignedWithALongerHash) {
  const auto key = testing::MakeKey("P-384");
  for (const auto& [md, last] : {std::pair<const char*, std::uint8_t>{"SHA384", 3}, {"SHA512", 4}}) {
    CsrBuilder builder(key.get());
    builder.md = md;
    builder.algorithm =
        testing::AlgorithmOf(std::array<std::uint8_t, 8>{0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, last}, false);
    EXPECT_THAT(CheckCsr(builder.Der(), testing::SpkiOf(key.get())), IsOk()) << md;
  }
}

TEST(CsrProof, IsOneWholeRequest) {
  const auto key = testing::MakeKey("P-256");
  const Bytes spki = testing::SpkiOf(key.get());
  Bytes csr = CsrBuilder(key.get()).Der();
  csr.push_back(0);
  EXPECT_THAT(CheckCsr(csr, spki), HasReason(reason::kCsrMalformed));
  csr.resize(csr.size() - 2);
  EXPECT_THAT(CheckCsr(csr, spki), HasReason(reason::kCsrMalformed));
  EXPECT_THAT(CheckCsr({}, spki), HasReason(reason::kCsrMalformed));
}

}  // namespace
}  // namespace rootkeep::attestation
