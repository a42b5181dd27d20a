#include "attestation/wire/attest.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasReason;
using testing::Says;

// Magic, type, qualified signer, extra data, clock, resets, restarts, safe, firmware.
std::string Header(std::string_view type, std::string_view safe = "01") {
  return "ff544347" + std::string(type) + "0002 aabb 0003 010203 0000000000000102 00000003 00000004" +
         std::string(safe) + "2019102300163636";
}

constexpr std::string_view kQuoteInfo = "00000001 000b 03 850000 0004 deadbeef";

TEST(TpmAttest, ReadsAQuote) {
  const Bytes octets = Hex(Header("8018") + std::string(kQuoteInfo));
  ExpectStrict(&ParseAttest, octets);
  Attest expected;
  expected.magic = kTpmGenerated;
  expected.type = AttestType::kQuote;
  expected.qualified_signer = Hex("aabb");
  expected.extra_data = Hex("010203");
  expected.clock_info = {.clock = 0x102, .reset_count = 3, .restart_count = 4, .safe = true};
  expected.firmware_version = 0x2019102300163636;
  expected.info = QuoteInfo{{SelectPcrs(Algorithm::kSha256, {0, 2, 7})}, Hex("deadbeef")};
  EXPECT_EQ(ParseAttest(octets).value(), expected);
}

TEST(TpmAttest, ReadsACertification) {
  const Bytes octets = Hex(Header("8017", "00") + "0003 0b0102 0001 ff");
  ExpectStrict(&ParseAttest, octets);
  const Attest attest = ParseAttest(octets).value();
  EXPECT_EQ(attest.type, AttestType::kCertify);
  EXPECT_FALSE(attest.clock_info.safe);
  EXPECT_EQ(std::get<CertifyInfo>(attest.info), (CertifyInfo{Hex("0b0102"), Hex("ff")}));
}

TEST(TpmAttest, ReadsACreation) {
  const Bytes octets = Hex(Header("801a") + "0003 0b0102 0002 fefe");
  ExpectStrict(&ParseAttest, octets);
  EXPECT_EQ(std::get<CreationInfo>(ParseAttest(octets).value().info), (CreationInfo{Hex("0b0102"), Hex("fefe")}));
}

// Who verifies says what was wrong with them.
TEST(TpmAttest, LeavesMagicAndTypeToTheCaller) {
  Bytes octets = Hex(Header("8018") + std::string(kQuoteInfo));
  octets[0] = 0;
  EXPECT_EQ(ParseAttest(octets).value().magic, 0x00544347U);
  const Attest time = ParseAttest(Hex(Header("8019") + "0102")).value();
  EXPECT_EQ(static_cast<int>(time.type), 0x8019);
  EXPECT_EQ(std::get<UnknownInfo>(time.info), UnknownInfo{Hex("0102")});
}

TEST(TpmAttest, RefusesATruthValueOtherThanZeroAndOne) {
  EXPECT_THAT(ParseAttest(Hex(Header("8018", "02") + std::string(kQuoteInfo))), Says("truth value"));
  EXPECT_THAT(ParseAttest(Hex(Header("8018", "ff") + std::string(kQuoteInfo))), HasReason(kReasonStructure));
}

TEST(TpmAttest, LimitsSizes) {
  const std::string name(2 * kMaxNameSize, '1');
  EXPECT_TRUE(ParseAttest(Hex(Header("8017") + "0042" + name + "0000")).ok());
  EXPECT_THAT(ParseAttest(Hex(Header("8017") + "0043" + name + "11 0000")), Says("at most 66 fit"));
  EXPECT_THAT(ParseAttest(Hex(Header("801a") + "0000 0041" + std::string(130, '1'))), Says("at most 64 fit"));
  EXPECT_THAT(ParseAttest(Hex(Header("8018") + "00000000 0041" + std::string(130, '1'))), Says("at most 64 fit"));
  EXPECT_THAT(ParseAttest(Hex("ff544347 8017 0000 0041" + std::string(400, '0'))), Says("at most 64 fit"));
  EXPECT_THAT(ParseAttest(Bytes(kMaxAttestSize + 1)), Says("at most 1024 are read"));
}

}  // namespace
}  // namespace rootkeep::attestation
