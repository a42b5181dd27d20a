#include "attestation/wire/codec.h"

#include "tests/unit/attestation/wire/octets.h"

namespace rootkeep::attestation {
namespace {

using testing::HasCode;
using testing::HasReason;
using testing::IsOk;
using testing::Says;

TEST(TpmCodec, WritesBigEndian) {
  Writer out;
  out.U8(0x01);
  out.U16(0x0203);
  out.U32(0x04050607);
  out.U64(0x08090a0b0c0d0e0f);
  out.Sized(Hex("aabb"));
  EXPECT_EQ(ToHex(out.Take()), "0102030405060708090a0b0c0d0e0f0002aabb");
}

TEST(TpmCodec, ReadsWhatItWrites) {
  const Bytes octets = Hex("01 0203 04050607 08090a0b0c0d0e0f 0002aabb 01 cc");
  Reader in(octets);
  EXPECT_EQ(in.U8(), 0x01);
  EXPECT_EQ(in.U16(), 0x0203);
  EXPECT_EQ(in.U32(), 0x04050607U);
  EXPECT_EQ(in.U64(), 0x08090a0b0c0d0e0fU);
  EXPECT_EQ(in.Sized(2), Hex("aabb"));
  EXPECT_TRUE(in.YesNo());
  EXPECT_EQ(in.Rest(), Hex("cc"));
  EXPECT_THAT(in.Finish("X"), IsOk());
}

TEST(TpmCodec, FailsForGoodAndSaysWhereItFirstFailed) {
  const Bytes octets = Hex("00 02 0304");
  Reader in(octets);
  EXPECT_EQ(in.U8(), 0);
  EXPECT_FALSE(in.YesNo());  // it is 2
  EXPECT_EQ(in.U16(), 0);    // although two octets are left
  in.Fail("later");
  EXPECT_TRUE(in.failed());
  EXPECT_THAT(in.Finish("TPMX"), HasReason(kReasonStructure));
  EXPECT_THAT(in.Finish("TPMX"), Says("TPMX before octet 2: a truth value is neither 0 nor 1"));
}

TEST(TpmCodec, LeavesNothingOver) {
  const Bytes octets = Hex("0001");
  Reader in(octets);
  (void)in.U8();
  EXPECT_THAT(in.Finish("TPMX"), Says("1 octets follow the TPMX"));
}

TEST(TpmCodec, LimitsASizeBeforeItTakesTheOctets) {
  const Bytes octets = Hex("0003 010203");
  Reader in(octets);
  EXPECT_TRUE(in.Sized(2).empty());
  EXPECT_THAT(in.Finish("X"), Says("3 octets where at most 2 fit"));
}

TEST(TpmCodec, KnowsItsHashFunctions) {
  const Bytes octets = Hex("000b 0012");
  Reader in(octets);
  EXPECT_EQ(in.HashAlg(), Algorithm::kSha256);
  EXPECT_FALSE(in.failed());
  (void)in.HashAlg();  // SM3
  EXPECT_THAT(in.Finish("X"), Says("0x0012 is no hash function known here"));
}

// One octet that stands for its lower half: 0x01 and 0x11 would be two encodings of the same.
std::uint8_t ReadHalf(Reader& in) { return in.U8() & 0x0f; }
Bytes EncodeHalf(const std::uint8_t& half) { return {half}; }

TEST(TpmCodec, RefusesASecondEncodingThatAReaderLetsPass) {
  EXPECT_THAT(ReadWhole<std::uint8_t>("X", Hex("01"), 1, &ReadHalf, &EncodeHalf), IsOk());
  EXPECT_THAT(ReadWhole<std::uint8_t>("X", Hex("11"), 1, &ReadHalf, &EncodeHalf), HasReason(kReasonStructure));
  EXPECT_THAT(ReadWhole<std::uint8_t>("X", Hex("0100"), 1, &ReadHalf, &EncodeHalf), Says("at most 1 are read"));
}

TEST(TpmCodec, HashesAndNamesThem) {
  EXPECT_EQ(ToHex(TpmHash(Algorithm::kSha1, AsBytes("abc")).value()), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(ToHex(TpmHash(Algorithm::kSha256, AsBytes("abc")).value()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const Algorithm hash : {Algorithm::kSha1, Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
    EXPECT_EQ(TpmHash(hash, {}).value().size(), HashSize(hash)) << AlgorithmName(hash);
    EXPECT_EQ(static_cast<std::size_t>(EVP_MD_get_size(HashMd(hash))), HashSize(hash)) << AlgorithmName(hash);
  }
  EXPECT_EQ(HashSize(Algorithm::kRsa), 0U);
  EXPECT_EQ(HashMd(Algorithm::kNull), nullptr);
  EXPECT_THAT(TpmHash(Algorithm::kNull, {}), HasCode(Code::kInvalidArgument));
  EXPECT_EQ(AlgorithmName(Algorithm::kEcdsa), "ecdsa");
  EXPECT_EQ(AlgorithmName(static_cast<Algorithm>(0x27)), "0x0027");
}

}  // namespace
}  // namespace rootkeep::attestation
