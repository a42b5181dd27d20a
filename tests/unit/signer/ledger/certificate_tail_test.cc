#include "signer/ledger/certificate_tail.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::HasCode;

class CertificateTailTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(CertificateTailTest, SplitsWhatItJoined) {
  const Bytes tbs(GetParam(), 0x11);
  const Bytes tail = {0x30, 0x01, 0x05, 0x03, 0x01, 0x00};
  const Bytes certificate = JoinCertificate(tbs, tail);
  ASSERT_OK_AND_ASSIGN(const ByteView found, CertificateTail(certificate, tbs));
  EXPECT_EQ(ToBytes(found), tail);
}

// Each length form of X.690 §8.1.3 and its edges (the tail adds 6).
INSTANTIATE_TEST_SUITE_P(LengthForms, CertificateTailTest,
                         ::testing::Values(1, 121, 122, 249, 250, 700, 65529, 65530, 100000));

TEST(CertificateTail, RefusesAnotherToBeSignedPart) {
  const Bytes certificate = JoinCertificate(Bytes(700, 0x11), Bytes{0x05, 0x00});
  EXPECT_THAT(CertificateTail(certificate, Bytes(700, 0x12)), HasCode(Code::kInvalidArgument));
}

TEST(CertificateTail, RefusesWhatIsNoCertificate) {
  const Bytes tbs(20, 0x11);
  Bytes certificate = JoinCertificate(tbs, Bytes{0x05, 0x00});
  EXPECT_THAT(CertificateTail({}, tbs), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(CertificateTail(ByteView(certificate).first(1), tbs), HasCode(Code::kInvalidArgument));
  EXPECT_THAT(CertificateTail(JoinCertificate(tbs, {}), tbs), HasCode(Code::kInvalidArgument));
  certificate.push_back(0);
  EXPECT_THAT(CertificateTail(certificate, tbs), HasCode(Code::kInvalidArgument));
  certificate.pop_back();
  certificate[0] = 0x31;
  EXPECT_THAT(CertificateTail(certificate, tbs), HasCode(Code::kInvalidArgument));
}

}  // namespace
}  // namespace rootkeep
