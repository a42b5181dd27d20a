#include "attestation/wire/pcr.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep::attestation {
namespace {

constexpr std::size_t kBitmapSize = kPcrCount / 8;
// hash, sizeofSelect, bitmap
constexpr std::size_t kMaxListSize = 4 + kMaxBanks * (2 + 1 + kBitmapSize);

PcrSelection ReadPcrSelection(Reader& in) {
  PcrSelection selection;
  selection.bank = in.HashAlg();
  const std::uint8_t size = in.U8();
  if (!in.failed() && size != kBitmapSize)
    in.Fail(fmt::format("a PCR bitmap of {} octets is not {}", size, kBitmapSize));
  const ByteView bitmap = in.Take(kBitmapSize);
  std::ranges::copy(bitmap, selection.bitmap.begin());
  return selection;
}

}  // namespace

PcrSelection SelectPcrs(Algorithm bank, const std::vector<std::uint8_t>& indices) {
  PcrSelection selection{.bank = bank};
  for (const std::uint8_t index : indices) {
    if (index < kPcrCount) selection.bitmap[index / 8] |= static_cast<std::uint8_t>(1U << index % 8);
  }
  return selection;
}

PcrSelection SelectPcrs(Algorithm bank, std::initializer_list<std::uint8_t> indices) {
  return SelectPcrs(bank, std::vector<std::uint8_t>(indices));
}

bool IsSelected(const PcrSelection& selection, std::uint8_t index) {
  return index < kPcrCount && (selection.bitmap[index / 8] >> index % 8 & 1) != 0;
}

std::vector<std::uint8_t> SelectedPcrs(const PcrSelection& selection) {
  std::vector<std::uint8_t> indices;
  for (std::uint8_t index = 0; index < kPcrCount; ++index) {
    if (IsSelected(selection, index)) indices.push_back(index);
  }
  return indices;
}

std::vector<PcrSelection> ReadPcrSelections(Reader& in) {
  std::vector<PcrSelection> selections;
  const std::uint32_t count = in.U32();
  if (count > kMaxBanks) in.Fail(fmt::format("{} PCR selections, at most {} are read", count, kMaxBanks));
  for (std::uint32_t i = 0; i < count && !in.failed(); ++i) selections.push_back(ReadPcrSelection(in));
  return selections;
}

void Write(const std::vector<PcrSelection>& selections, Writer& out) {
  out.U32(static_cast<std::uint32_t>(selections.size()));
  for (const PcrSelection& selection : selections) {
    out.Alg(selection.bank);
    out.U8(kBitmapSize);
    out.Octets(selection.bitmap);
  }
}

Bytes Encode(const std::vector<PcrSelection>& selections) {
  Writer out;
  Write(selections, out);
  return out.Take();
}

Result<std::vector<PcrSelection>> ParsePcrSelections(ByteView tpml_pcr_selection) {
  return ReadWhole<std::vector<PcrSelection>>("TPML_PCR_SELECTION", tpml_pcr_selection, kMaxListSize,
                                              &ReadPcrSelections, &Encode);
}

}  // namespace rootkeep::attestation
