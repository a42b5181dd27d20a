#include "signer/node/pcr_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace rootkeep {
namespace {

using attestation::Algorithm;
using attestation::PcrValue;

std::optional<Algorithm> BankOf(std::string_view name) {
  for (const Algorithm bank : {Algorithm::kSha256, Algorithm::kSha384, Algorithm::kSha512}) {
    if (attestation::AlgorithmName(bank) == name) return bank;
  }
  return std::nullopt;
}

// "7=<hexadecimal>"
std::optional<PcrValue> ParseOne(std::string_view text, std::size_t size) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  PcrValue value;
  const std::string number(text.substr(0, equals));
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, value.index);
  std::optional<Bytes> digest = FromHex(text.substr(equals + 1));
  const bool good =
      error == std::errc() && stop == end && value.index < attestation::kPcrCount && digest && digest->size() == size;
  if (!good) return std::nullopt;
  value.digest = *std::move(digest);
  return value;
}

}  // namespace

std::string PcrText(Algorithm bank, const std::vector<PcrValue>& values) {
  if (values.empty()) return {};
  std::string text;
  for (const PcrValue& value : values) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", value.index, ToHex(value.digest));
  }
  return fmt::format("{}:{}", attestation::AlgorithmName(bank), text);
}

std::optional<PcrState> ParsePcrText(std::string_view text) {
  const std::size_t colon = text.find(':');
  const auto bank = BankOf(text.substr(0, colon));
  if (colon == std::string_view::npos || !bank) return std::nullopt;
  PcrState state{.bank = *bank};
  for (text.remove_prefix(colon + 1);; text.remove_prefix(1)) {
    const std::string_view one = text.substr(0, text.find(','));
    auto value = ParseOne(one, attestation::HashSize(*bank));
    if (!value || (!state.values.empty() && value->index <= state.values.back().index)) return std::nullopt;
    state.values.push_back(*std::move(value));
    text.remove_prefix(one.size());
    if (text.empty()) return state;
  }
}

}  // namespace rootkeep
