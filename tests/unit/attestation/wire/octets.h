// Structures written as hexadecimal text, and what every reader of one must refuse.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "attestation/wire/codec.h"
#include "tests/support/matchers.h"

namespace rootkeep::attestation {

// Spaces are left out.
inline Bytes Hex(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ' ') digits.push_back(c);
  }
  return FromHex(digits).value();
}

// Whatever `octets` is, less of it is not one, more of it neither, and what is read encodes to it again.
template <typename T>
void ExpectStrict(Result<T> (*parse)(ByteView), const Bytes& octets) {
  const Result<T> whole = parse(octets);
  ASSERT_TRUE(whole.ok()) << whole.error().ToString();
  EXPECT_EQ(ToHex(Encode(*whole)), ToHex(octets));
  for (std::size_t size = 0; size < octets.size(); ++size) {
    EXPECT_THAT(parse(ByteView(octets).first(size)), testing::HasReason(kReasonStructure)) << size;
  }
  Bytes longer = octets;
  longer.push_back(0);
  EXPECT_THAT(parse(longer), testing::HasReason(kReasonStructure));
}

}  // namespace rootkeep::attestation
