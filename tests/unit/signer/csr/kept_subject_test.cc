#include "signer/csr/kept_subject.h"

#include "keystore/base/openssl.h"
#include "signer/der/reader.h"
#include "signer/der/writer.h"
#include "tests/support/csr_builder.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using csr::KeptSubject;
using testing::HasCode;
using testing::HasReason;
using testing::NameOf;
using testing::NamePart;

const Bytes kCommonName{0x55, 0x04, 0x03};
const Bytes kCountry{0x55, 0x04, 0x06};
const Bytes kOrganization{0x55, 0x04, 0x0a};
const Bytes kSerialNumber{0x55, 0x04, 0x05};
const Bytes kDomainComponent{0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19};

void ExpectRefused(const Bytes& name, const char* why) {
  const auto kept = KeptSubject(name);
  EXPECT_THAT(kept, HasCode(Code::kInvalidArgument)) << why;
  EXPECT_THAT(kept, HasReason("csr_subject")) << why;
}

// One RDN with these finished attributes, as they are.
Bytes OneRdn(const std::vector<NamePart>& parts) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Nested(der::kSet, [&] {
      for (const NamePart& part : parts) {
        writer.Sequence([&] {
          writer.Oid(part.oid);
          writer.Text(part.tag, part.text);
        });
      }
    });
  });
  return std::move(writer).Finish();
}

TEST(KeptSubject, IsWhatSpireAsksFor) {
  const Bytes name = NameOf({{kCountry, der::kPrintableString, "US"},
                             {kOrganization, der::kPrintableString, "SPIFFE"},
                             {kSerialNumber, der::kPrintableString, "40076514332"}});
  ASSERT_OK_AND_ASSIGN(const Bytes kept, KeptSubject(name));
  EXPECT_EQ(kept, name);
}

TEST(KeptSubject, KeepsTextAndItsType) {
  const Bytes name =
      NameOf({{kCommonName, der::kUtf8String, "Zürich ßpire"}, {kDomainComponent, der::kIa5String, "example"}});
  ASSERT_OK_AND_ASSIGN(const Bytes kept, KeptSubject(name));
  EXPECT_EQ(kept, name);
}

TEST(KeptSubject, PutsAMultiValuedPartIntoOrder) {
  const NamePart a{kOrganization, der::kPrintableString, "a"};
  const NamePart b{kOrganization, der::kPrintableString, "b"};
  ASSERT_OK_AND_ASSIGN(const Bytes kept, KeptSubject(OneRdn({b, a})));
  EXPECT_EQ(kept, OneRdn({a, b}));
}

TEST(KeptSubject, RefusesWhatNoCaIsCalled) {
  ExpectRefused(NameOf({}), "empty");
  ExpectRefused({0x30, 0x02, 0x31, 0x00}, "an empty part");
  ExpectRefused({0x31, 0x00}, "no sequence");
  ExpectRefused({0x30, 0x02, 0x30, 0x00}, "no set");
  ExpectRefused(NameOf({{{0x2a, 0x03, 0x04}, der::kUtf8String, "x"}}), "unknown type");
  ExpectRefused(NameOf({{{0x55, 0x1d, 0x11}, der::kUtf8String, "x"}}), "an extension's type");
  ExpectRefused(OneRdn({{kOrganization, der::kPrintableString, "a"}, {kOrganization, der::kPrintableString, "a"}}),
                "the same twice in one part");
}

TEST(KeptSubject, RefusesText) {
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, ""}}), "empty");
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, std::string(65, 'a')}}), "65 characters");
  ExpectRefused(NameOf({{kCommonName, der::kIa5String, "a"}}), "another string type");
  ExpectRefused(NameOf({{kCommonName, der::kPrintableString, "a@b"}}), "not printable as X.680 has it");
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, "a\nb"}}), "a line break");
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, std::string("a\0b", 3)}}), "a zero");
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, "a\xc2\x85"}}), "a control character beyond ASCII");
  ExpectRefused(NameOf({{kCommonName, der::kUtf8String, "\xff"}}), "not Unicode");
  ExpectRefused(NameOf({{kCountry, der::kPrintableString, "USA"}}), "a country of three letters");
  ExpectRefused(NameOf({{kCountry, der::kUtf8String, "US"}}), "a country in UTF-8");
  ExpectRefused(NameOf({{kDomainComponent, der::kIa5String, "a b"}}), "a blank in a label");
}

TEST(KeptSubject, CountsCharactersAndNotOctets) {
  std::string umlauts;
  for (int i = 0; i < 64; ++i) umlauts += "ü";
  EXPECT_TRUE(KeptSubject(NameOf({{kCommonName, der::kUtf8String, umlauts}})).ok());
}

TEST(KeptSubject, IsBounded) {
  std::vector<NamePart> parts(16, {kOrganization, der::kPrintableString, "a"});
  EXPECT_TRUE(KeptSubject(NameOf(parts)).ok());
  parts.push_back(parts.front());
  ExpectRefused(NameOf(parts), "17 attributes");
}

}  // namespace
}  // namespace rootkeep
