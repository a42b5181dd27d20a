#include "keystore/base/secret_bytes.h"

#include <gtest/gtest.h>

#include <ostream>
#include <type_traits>

namespace rootkeep {
namespace {

template <typename T>
concept Streamable = requires(std::ostream& os, const T& value) { os << value; };

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!Streamable<SecretBytes>);
static_assert(!fmt::is_formattable<SecretBytes>::value);

TEST(SecretBytes, MovesAndCompares) {
  SecretBytes a("pin");
  SecretBytes b = std::move(a);
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): the moved-from state is what is tested
  EXPECT_TRUE(b.Equals(SecretBytes("pin")));
  EXPECT_FALSE(b.Equals(SecretBytes("pim")));
  EXPECT_FALSE(b.Equals(SecretBytes("pins")));
}

TEST(SecretBytes, WipesItsOctets) {
  SecretBytes secret(Bytes{1, 2, 3, 4});
  const std::uint8_t* memory = secret.RevealForUse().data();
  secret.Clear();
  // Clear keeps the allocation, so the octets can still be looked at.
  EXPECT_EQ(memory[0] | memory[1] | memory[2] | memory[3], 0);
}

}  // namespace
}  // namespace rootkeep
