#include "attestation/attester/ek_certificate.h"

#include "tests/support/matchers.h"
#include "tests/support/software_key.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {
namespace {

using attestation::SpkiOfCertificate;
using attestation::SplitCertificates;
using attestation::UnwrapCertificate;

Bytes Join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

class EkCertificateTest : public ::testing::Test {
 protected:
  const Identity identity_ = MakeIdentity({.common_name = "EK"});
  const Bytes der_ = identity_.Der();
};

TEST_F(EkCertificateTest, IsFoundInWhatMakersPutAroundIt) {
  const Bytes size{static_cast<std::uint8_t>(der_.size() >> 8), static_cast<std::uint8_t>(der_.size())};
  EXPECT_EQ(UnwrapCertificate(der_), der_);
  EXPECT_EQ(UnwrapCertificate(Join({{0x10, 0x01, 0x00}, size, der_})), der_);
  EXPECT_EQ(UnwrapCertificate(Join({der_, Bytes(300, 0xff)})), der_);
  EXPECT_EQ(UnwrapCertificate(Join({{0x10, 0x01, 0x00}, size, der_, Bytes(300, 0)})), der_);
}

TEST_F(EkCertificateTest, IsNotFoundWhereNoneIs) {
  const Bytes cut(der_.begin(), der_.end() - 1);
  for (const Bytes& nv : {Bytes(), Bytes(1024, 0xff), Bytes(1024, 0), cut, Bytes{0x10, 0x01, 0x00, 0, 0},
                          Bytes{0x30, 0x80, 0, 0}, Bytes{0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0}}) {
    EXPECT_THAT(UnwrapCertificate(nv), HasCode(Code::kInvalidArgument)) << nv.size();
  }
}

TEST_F(EkCertificateTest, ChainsAreSplit) {
  const Bytes other = MakeCa("above").Der();
  EXPECT_THAT(SplitCertificates(Join({der_, other, Bytes(7, 0xff)}), 8), ::testing::ElementsAre(der_, other));
  EXPECT_THAT(SplitCertificates(Join({der_, other}), 1), ::testing::ElementsAre(der_));
  EXPECT_THAT(SplitCertificates({}, 8), ::testing::IsEmpty());
  EXPECT_THAT(SplitCertificates(Bytes(7, 0), 8), ::testing::IsEmpty());
}

TEST_F(EkCertificateTest, HasAPublicKey) {
  EXPECT_EQ(SpkiOfCertificate(der_), SpkiOf(identity_.key.get()));
  EXPECT_THAT(SpkiOfCertificate(Bytes{0x30, 0x00}), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(SpkiOfCertificate(Join({der_, {0}})), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep::testing
