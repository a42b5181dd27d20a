// Platform configuration registers: which of them (TPMS_PCR_SELECTION, Part 2 §10.6), and what is in one.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {

// A TPM of a PC client has these and no more (PC Client Platform TPM Profile §4.6).
inline constexpr std::uint8_t kPcrCount = 24;
// Banks that a list may name: what TPML_PCR_SELECTION of the TSS holds.
inline constexpr std::size_t kMaxBanks = 16;

// Registers of one bank. Bit i of octet j stands for PCR 8j + i.
struct PcrSelection {
  Algorithm bank = Algorithm::kNull;
  std::array<std::uint8_t, kPcrCount / 8> bitmap{};

  friend bool operator==(const PcrSelection&, const PcrSelection&) = default;
};

// One register's value, in a bank that both sides know already.
struct PcrValue {
  std::uint8_t index = 0;
  Bytes digest;

  friend bool operator==(const PcrValue&, const PcrValue&) = default;
};

// Indices from kPcrCount on are left out; the caller has checked them.
PcrSelection SelectPcrs(Algorithm bank, std::initializer_list<std::uint8_t> indices);
PcrSelection SelectPcrs(Algorithm bank, const std::vector<std::uint8_t>& indices);

bool IsSelected(const PcrSelection& selection, std::uint8_t index);
// The selected indices, ascending: the order in which a quote hashes the values (Part 3 §18.4).
std::vector<std::uint8_t> SelectedPcrs(const PcrSelection& selection);

// TPML_PCR_SELECTION (Part 2 §10.9.7): at most kMaxBanks, each with a hash function known here and a bitmap of exactly
// three octets. May be empty, and a bitmap may be all zero. INVALID_ARGUMENT kReasonStructure.
Result<std::vector<PcrSelection>> ParsePcrSelections(ByteView tpml_pcr_selection);
Bytes Encode(const std::vector<PcrSelection>& selections);

// The same inside a larger structure.
std::vector<PcrSelection> ReadPcrSelections(Reader& in);
void Write(const std::vector<PcrSelection>& selections, Writer& out);

}  // namespace rootkeep::attestation
