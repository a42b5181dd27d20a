#include "providers/openssl/reference.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace rootkeep::provider {
namespace {

using Der = std::vector<std::uint8_t>;

Der Written(const KeyReference& reference) {
  Der der(kMaxReference);
  der.resize(WriteReference(reference, der));
  return der;
}

Der Join(std::initializer_list<Der> parts) {
  Der all;
  for (const Der& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Der Text(std::uint8_t tag, const std::string& text) {
  return Join({{tag, static_cast<std::uint8_t>(text.size())}, Der(text.begin(), text.end())});
}

Der Sequence(const Der& content) { return Join({{0x30, static_cast<std::uint8_t>(content.size())}, content}); }

const Der kVersion{0x02, 0x01, 0x01};

TEST(KeyReference, WhatIsWrittenIsRead) {
  keysocket::Fingerprint fingerprint{};
  fingerprint[0] = 7;
  fingerprint[31] = 9;
  for (const std::size_t length : {1UL, 100UL, 127UL, 128UL, 250UL, 255UL, 256UL, 4096UL}) {
    const std::string uri(length, 'u');
    for (const std::string& socket : {std::string(), std::string("/run/x"), "/" + std::string(106, 's')}) {
      for (const bool with_fingerprint : {false, true}) {
        KeyReference reference{.uri = uri, .socket = socket, .fingerprint = {}};
        if (with_fingerprint) reference.fingerprint = fingerprint;
        const Der der = Written(reference);
        KeyReference read;
        ASSERT_TRUE(ParseReference(der, read)) << length;
        EXPECT_EQ(read.uri, uri);
        EXPECT_EQ(read.socket, socket);
        EXPECT_EQ(read.fingerprint, reference.fingerprint);
      }
    }
  }
}

TEST(KeyReference, HasTheLayoutOfTheDocument) {
  const Der der = Sequence(Join({kVersion, Text(0x0c, "keysocket:object=a"), {0xa0, 0x08}, Text(0x0c, "/run/k")}));
  KeyReference read;
  ASSERT_TRUE(ParseReference(der, read));
  EXPECT_EQ(read.uri, "keysocket:object=a");
  EXPECT_EQ(read.socket, "/run/k");
  EXPECT_EQ(Written(read), der);
}

TEST(KeyReference, RefusesWhatIsCutOrLonger) {
  KeyReference reference{.uri = "keysocket:object=a", .socket = "/run/k", .fingerprint = keysocket::Fingerprint{}};
  Der der = Written(reference);
  KeyReference read;
  for (std::size_t size = 0; size < der.size(); ++size) {
    EXPECT_FALSE(ParseReference(keysocket::Octets(der).first(size), read)) << size;
  }
  der.push_back(0);
  EXPECT_FALSE(ParseReference(der, read));
}

TEST(KeyReference, RefusesWhatIsNone) {
  const Der uri = Text(0x0c, "u");
  const Der bad[] = {Sequence(Join({{0x02, 0x01, 0x02}, uri})),        // a later version
                     Sequence(Join({{0x02, 0x02, 0x00, 0x01}, uri})),  // a number that is not the shortest
                     Sequence(Join({kVersion, Text(0x0c, "")})),       // no URI
                     Sequence(Join({kVersion, Text(0x0c, "a b")})),    // a blank in one
                     Sequence(Join({kVersion, Text(0x0c, "a\n")})),    // a line break
                     Sequence(Join({kVersion, uri, {0xa0, 0x03}, Text(0x0c, "k")})),   // a relative path
                     Sequence(Join({kVersion, uri, {0xa0, 0x03}, Text(0x0c, "/k")})),  // a length that does not fit
                     Sequence(Join({kVersion, uri, {0xa1, 0x03}, Text(0x04, "f")})),   // a short fingerprint
                     Sequence(Join({kVersion, uri, uri})),                             // something more
                     Join({{0x30, 0x81, 0x06}, kVersion, uri}),                     // a length that is not the shortest
                     Join({{0x30, 0x80}, kVersion, uri, {0x00, 0x00}}),             // an open length
                     Join({{0x30, 0x84, 0x00, 0x00, 0x00, 0x06}, kVersion, uri})};  // a long one
  KeyReference read;
  for (const Der& der : bad) EXPECT_FALSE(ParseReference(der, read)) << ::testing::PrintToString(der);
  const std::string socket = "/" + std::string(107, 's');
  EXPECT_FALSE(ParseReference(Written({.uri = "u", .socket = socket, .fingerprint = {}}), read));
  const std::string long_uri(4097, 'u');
  EXPECT_FALSE(ParseReference(Written({.uri = long_uri, .socket = {}, .fingerprint = {}}), read));
}

TEST(KeyReference, ReadsWhatPkcs11ProviderWrites) {
  const Der der = Sequence(Join({Text(0x1a, "PKCS#11 Provider URI v1.0"), Text(0x0c, "pkcs11:object=a")}));
  KeyReference read;
  ASSERT_TRUE(ParsePkcs11Reference(der, read));
  EXPECT_EQ(read.uri, "pkcs11:object=a");
  EXPECT_TRUE(read.socket.empty());
  EXPECT_FALSE(ParsePkcs11Reference(
      Sequence(Join({Text(0x1a, "PKCS#11 Provider URI v2.0"), Text(0x0c, "pkcs11:object=a")})), read));
  EXPECT_FALSE(ParsePkcs11Reference(Sequence(Text(0x1a, "PKCS#11 Provider URI v1.0")), read));
}

}  // namespace
}  // namespace rootkeep::provider
