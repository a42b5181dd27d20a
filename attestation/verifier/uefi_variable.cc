#include "attestation/verifier/uefi_variable.h"

#include <algorithm>

#include "attestation/verifier/little_endian.h"

namespace rootkeep::attestation {

std::optional<UefiVariable> ReadUefiVariable(ByteView event_data) {
  constexpr std::uint64_t kMaxName = 1024;
  LittleEndianReader in(event_data);
  UefiVariable variable;
  const ByteView vendor = in.Take(variable.vendor.size());
  std::ranges::copy(vendor, variable.vendor.begin());
  const std::uint64_t characters = in.U64();
  const std::uint64_t size = in.U64();
  if (characters > kMaxName) return std::nullopt;
  for (std::uint64_t i = 0; i < characters; ++i) variable.name.push_back(static_cast<char16_t>(in.U16()));
  variable.data = in.Take(size);
  if (in.failed()) return std::nullopt;
  variable.left_over = in.rest().size();
  return variable;
}

}  // namespace rootkeep::attestation
