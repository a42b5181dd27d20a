#include "signer/p256/lanes/scalar.h"

namespace rootkeep::p256::lanes {
namespace {

constexpr Words kOrder = {0xf3b9cac2fc632551, 0xbce6faada7179e84, 0xffffffffffffffff, 0xffffffff00000000};

}  // namespace

Words ToWords(const Octets& octets) {
  Words words{};
  for (std::size_t i = 0; i < octets.size(); ++i) words[3 - i / 8] = words[3 - i / 8] << 8 | octets[i];
  return words;
}

std::array<std::uint64_t, kLimbs> ToLimbs(const Words& w) {
  return {w[0] & kLimbMask, (w[0] >> 52 | w[1] << 12) & kLimbMask, (w[1] >> 40 | w[2] << 24) & kLimbMask,
          (w[2] >> 28 | w[3] << 36) & kLimbMask, w[3] >> 16};
}

Words Opposite(const Words& scalar) {
  Words difference{};
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < difference.size(); ++i) {
    const std::uint64_t part = kOrder[i] - scalar[i];
    difference[i] = part - borrow;
    borrow = static_cast<std::uint64_t>(kOrder[i] < scalar[i]) | static_cast<std::uint64_t>(part < borrow);
  }
  return difference;
}

}  // namespace rootkeep::p256::lanes
