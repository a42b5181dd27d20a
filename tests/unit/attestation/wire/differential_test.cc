// Our readers against libtss2-mu, on what a TPM simulator wrote and on every small change of it: what we take it takes,
// with the same meaning. The other way round does not hold and should not: it is lax.
#include <functional>

#include "attestation/wire/attest.h"
#include "attestation/wire/id_object.h"
#include "attestation/wire/public_area.h"
#include "attestation/wire/signature.h"
#include "tests/support/tss_oracle.h"
#include "tests/unit/attestation/wire/octets.h"
#include "tests/unit/attestation/wire/tpm_samples.h"

namespace rootkeep::attestation {
namespace {

using testing::MakeTpmSamples;
using testing::TpmSamples;

class TpmDifferential : public ::testing::Test {
 protected:
  static const TpmSamples& Samples() {
    static const TpmSamples& samples = *new TpmSamples(MakeTpmSamples());
    return samples;
  }
};

// Each octet with each of its bits changed, all zero and all one; each length that is shorter; one octet more.
void ForEachChange(const Bytes& octets, const std::function<void(const Bytes&)>& judge) {
  Bytes changed = octets;
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      changed[at] = static_cast<std::uint8_t>(octets[at] ^ 1U << bit);
      judge(changed);
    }
    for (const std::uint8_t octet : {std::uint8_t{0x00}, std::uint8_t{0xff}}) {
      changed[at] = octet;
      judge(changed);
    }
    changed[at] = octets[at];
    judge(Bytes(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(at)));
  }
  changed.push_back(0);
  judge(changed);
}

// How many changed ones we take; every one that we take is compared.
template <typename T>
std::size_t Compare(const Bytes& octets, Result<T> (*ours)(ByteView), std::optional<T> (*tss)(ByteView)) {
  const Result<T> whole = ours(octets);
  EXPECT_TRUE(whole.ok()) << ToHex(octets);
  std::size_t taken = 0;
  ForEachChange(octets, [&](const Bytes& changed) {
    const Result<T> read = ours(changed);
    if (!read.ok()) return;
    ++taken;
    const std::optional<T> other = tss(changed);
    EXPECT_TRUE(other.has_value() && *read == *other) << ToHex(changed);
    EXPECT_EQ(Encode(*read), changed);
  });
  return taken;
}

TEST_F(TpmDifferential, PublicAreas) {
  ASSERT_EQ(Samples().public_areas.size(), 8U);
  for (const Bytes& octets : Samples().public_areas) {
    EXPECT_EQ(ParsePublicArea(octets).value(), testing::TssPublicArea(octets).value());
    EXPECT_GT(Compare(octets, &ParsePublicArea, &testing::TssPublicArea), 0U);
  }
}

TEST_F(TpmDifferential, NamesAreThoseThatTheTpmComputes) {
  for (std::size_t i = 0; i < Samples().names.size(); ++i) {
    const PublicArea area = ParsePublicArea(Samples().public_areas[i]).value();
    EXPECT_EQ(ToHex(Name(area).value()), ToHex(Samples().names[i]));
  }
}

TEST_F(TpmDifferential, Attests) {
  std::vector<AttestType> types;
  for (const Bytes& octets : Samples().attests) {
    const Attest attest = ParseAttest(octets).value();
    types.push_back(attest.type);
    // Of a type that we do not know everything passes, which libtss2-mu may well refuse.
    if (std::holds_alternative<UnknownInfo>(attest.info)) continue;
    EXPECT_EQ(attest, testing::TssAttest(octets).value());
    const auto ours = [](ByteView changed) -> Result<Attest> {
      RK_TRY(Attest read, ParseAttest(changed));
      if (std::holds_alternative<UnknownInfo>(read.info)) return InvalidArgument("a type that is not compared");
      return read;
    };
    EXPECT_GT(Compare<Attest>(octets, ours, &testing::TssAttest), 0U);
  }
  EXPECT_THAT(types, ::testing::IsSupersetOf({AttestType::kQuote, AttestType::kCertify, AttestType::kCreation}));
}

TEST_F(TpmDifferential, Signatures) {
  std::vector<Algorithm> schemes;
  for (const Bytes& octets : Samples().signatures) {
    schemes.push_back(ParseSignature(octets).value().scheme);
    EXPECT_EQ(ParseSignature(octets).value(), testing::TssSignature(octets).value());
    EXPECT_GT(Compare(octets, &ParseSignature, &testing::TssSignature), 0U);
  }
  EXPECT_THAT(schemes, ::testing::IsSupersetOf({Algorithm::kEcdsa, Algorithm::kRsaSsa, Algorithm::kRsaPss}));
}

TEST(Differential, PcrSelections) {
  const Bytes octets =
      Encode(std::vector{SelectPcrs(Algorithm::kSha1, {0, 23}), SelectPcrs(Algorithm::kSha256, {0, 2, 7})});
  EXPECT_GT(Compare(octets, &ParsePcrSelections, &testing::TssPcrSelections), 0U);
}

TEST(Differential, IdObjects) {
  EXPECT_GT(Compare(Encode(IdObject{Bytes(32, 1), Bytes(34, 2)}), &ParseIdObject, &testing::TssIdObject), 0U);
}

}  // namespace
}  // namespace rootkeep::attestation
