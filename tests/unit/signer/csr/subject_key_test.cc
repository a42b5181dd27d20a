#include "signer/csr/subject_key.h"

#include "signer/csr/csr.h"
#include "signer/der/oid.h"
#include "signer/der/writer.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep {
namespace {

namespace oid = der::oid;
using testing::HasReason;
using testing::IsOk;
using testing::MakeKey;
using testing::MakeSpki;

Bytes Spki(const Bytes& algorithm, ByteView key) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(algorithm);
    writer.BitString(key);
  });
  return std::move(writer).Finish();
}

// RSA key of `bits` bits, all ones, but for the last octet of the modulus.
Bytes RsaSpki(std::size_t bits, std::uint8_t last, const Bytes& exponent) {
  Bytes modulus(bits / 8, 0xff);
  modulus.back() = last;
  der::Writer key;
  key.Sequence([&] {
    key.Primitive(der::kInteger, der::UnsignedContents(modulus));
    key.Primitive(der::kInteger, exponent);
  });
  return Spki(testing::AlgorithmOf(oid::kRsaEncryption, true), std::move(key).Finish());
}

const Bytes k65537{0x01, 0x00, 0x01};

TEST(SubjectKey, WeakAndForeignKeysAreRefused) {
  for (const char* kind : {"RSA:1024", "P-224", "P-521", "secp256k1"}) {
    EXPECT_THAT(ParseSubjectKey(MakeSpki(kind)), HasReason("csr_key")) << kind;
  }
  const ossl::PKey ed448(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"));
  EXPECT_THAT(ParseSubjectKey(testing::SpkiOf(ed448.get())), HasReason("csr_key"));
  const Bytes dsa = Spki(testing::AlgorithmOf(FromHex("2a8648ce380401").value(), false), Bytes{0x02, 0x01, 0x05});
  EXPECT_THAT(ParseSubjectKey(dsa), HasReason("csr_key"));
  const Bytes pss = Spki(testing::AlgorithmOf(oid::kRsaPss, false), Bytes{0x30, 0x00});
  EXPECT_THAT(ParseSubjectKey(pss), HasReason("csr_key"));
}

TEST(SubjectKey, Case30WholeRequestWithAWeakKeyIsRefused) {
  const ossl::PKey key = MakeKey("RSA:1024");
  const testing::CsrBuilder builder(key.get());
  EXPECT_THAT(ParseCsrDer(builder.Der()), HasReason("csr_key"));
}

TEST(SubjectKey, RsaLimits) {
  EXPECT_THAT(ParseSubjectKey(RsaSpki(2048, 0xff, k65537)), IsOk());
  EXPECT_THAT(ParseSubjectKey(RsaSpki(8192, 0xff, k65537)), IsOk());
  EXPECT_THAT(ParseSubjectKey(RsaSpki(2040, 0xff, k65537)), HasReason("csr_key"));
  EXPECT_THAT(ParseSubjectKey(RsaSpki(8200, 0xff, k65537)), HasReason("csr_key"));
  EXPECT_THAT(ParseSubjectKey(RsaSpki(2048, 0xfe, k65537)), HasReason("csr_key"));  // even modulus
}

TEST(SubjectKey, RsaExponents) {
  for (const Bytes& good : {Bytes{3}, Bytes{0x11}, k65537, Bytes{0x7f, 0xff, 0xff, 0xff}}) {
    EXPECT_THAT(ParseSubjectKey(RsaSpki(2048, 0xff, good)), IsOk()) << ToHex(good);
  }
  for (const Bytes& bad : {Bytes{0}, Bytes{1}, Bytes{2}, Bytes{4}, Bytes{0x01, 0x00, 0x00},
                           Bytes{0x00, 0x80, 0x00, 0x00, 0x01}, Bytes{0x01, 0x00, 0x00, 0x00, 0x01}}) {
    EXPECT_THAT(ParseSubjectKey(RsaSpki(2048, 0xff, bad)), HasReason("csr_key")) << ToHex(bad);
  }
  for (const Bytes& bad : {Bytes{}, Bytes{0xff}, Bytes{0x00, 0x03}}) {
    EXPECT_THAT(ParseSubjectKey(RsaSpki(2048, 0xff, bad)), HasReason("csr_parse")) << ToHex(bad);
  }
}

TEST(SubjectKey, RsaNeedsNullParameters) {
  const Bytes with = MakeSpki("RSA:2048");
  ASSERT_THAT(ParseSubjectKey(with), IsOk());
  const Bytes without = Spki(testing::AlgorithmOf(oid::kRsaEncryption, false), Bytes{0x30, 0x00});
  EXPECT_THAT(ParseSubjectKey(without), HasReason("csr_parse"));
}

TEST(SubjectKey, CompressedAndShortPointsAreRefused) {
  const Bytes spki = MakeSpki("P-256");
  Bytes compressed = spki;
  compressed[compressed.size() - 65] = 0x02;
  EXPECT_THAT(ParseSubjectKey(compressed), HasReason("csr_key"));
  der::Writer algorithm;
  algorithm.Sequence([&] {
    algorithm.Oid(oid::kEcPublicKey);
    algorithm.Oid(oid::kP256);
  });
  const Bytes id = std::move(algorithm).Finish();
  EXPECT_THAT(ParseSubjectKey(Spki(id, Bytes{0x04, 0x01})), HasReason("csr_key"));
  EXPECT_THAT(ParseSubjectKey(Spki(id, Bytes{0x00})), HasReason("csr_key"));
  EXPECT_THAT(ParseSubjectKey(Spki(id, {})), HasReason("csr_key"));
}

TEST(SubjectKey, PointOffTheCurveIsFoundWithTheProof) {
  for (const char* kind : {"P-256", "P-384"}) {
    const ossl::PKey key = MakeKey(kind);
    testing::CsrBuilder builder(key.get());
    builder.spki.back() ^= 1;
    ASSERT_OK_AND_ASSIGN(const Csr csr, ParseCsrDer(builder.Der()));
    EXPECT_THAT(VerifyProofOfPossession(csr), HasReason("csr_key")) << kind;
  }
}

TEST(SubjectKey, Ed25519PointsOfSmallOrder) {
  const Bytes algorithm = testing::AlgorithmOf(oid::kEd25519, false);
  const std::string zeros(62, '0');
  const std::string ones(60, 'f');
  for (const std::string& point :
       {"00" + zeros, "01" + zeros, "00" + zeros.substr(2) + "80", "01" + zeros.substr(2) + "80", "ec" + ones + "7f",
        "ed" + ones + "7f", "ee" + ones + "7f", "ee" + ones + "ff",
        std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
        std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa")}) {
    EXPECT_THAT(ParseSubjectKey(Spki(algorithm, FromHex(point).value())), HasReason("csr_key")) << point;
  }
  EXPECT_THAT(ParseSubjectKey(MakeSpki("ED25519")), IsOk());
  EXPECT_THAT(ParseSubjectKey(Spki(algorithm, Bytes(31, 7))), HasReason("csr_key"));
  EXPECT_THAT(ParseSubjectKey(Spki(testing::AlgorithmOf(oid::kEd25519, true), Bytes(32, 7))), HasReason("csr_parse"));
}

}  // namespace
}  // namespace rootkeep
