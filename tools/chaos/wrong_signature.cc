#include "tools/chaos/wrong_signature.h"

#include <algorithm>
#include <vector>

namespace rootkeep::chaos {
namespace {

// How much further than its buffer a signature says it goes.
constexpr CK_ULONG kBeyond = 64;

// r and s, each with a zero octet more at the front than its field has.
Distorted Lengthen(CK_BYTE* signature, CK_ULONG size, CK_ULONG room) {
  if (room < size + 2) return {CKR_BUFFER_TOO_SMALL, size + 2};
  const std::vector<CK_BYTE> old(signature, signature + size);
  const CK_ULONG half = size / 2;
  CK_BYTE* out = signature;
  *out++ = 0;
  out = std::copy_n(old.data(), half, out);
  *out++ = 0;
  std::copy_n(old.data() + half, size - half, out);
  return {CKR_OK, size + 2};
}

}  // namespace

Distorted Distort(WrongSignature::Kind kind, CK_BYTE* signature, CK_ULONG size, CK_ULONG room) {
  if (size == 0) return {CKR_OK, size};
  CK_BYTE* const middle = signature + size / 2;
  CK_BYTE* const end = signature + size;
  switch (kind) {
    case WrongSignature::Kind::kFlip: end[-1] ^= 1U; break;
    case WrongSignature::Kind::kShort: return {CKR_OK, size - 1};
    case WrongSignature::Kind::kLong: return Lengthen(signature, size, room);
    case WrongSignature::Kind::kOverrun: return {CKR_OK, room + kBeyond};
    case WrongSignature::Kind::kSwap: std::rotate(signature, middle, end); break;
    case WrongSignature::Kind::kZeroR: std::fill(signature, middle, CK_BYTE{0}); break;
    case WrongSignature::Kind::kZeroS: std::fill(middle, end, CK_BYTE{0}); break;
    case WrongSignature::Kind::kMax: std::fill(signature, end, CK_BYTE{0xff}); break;
  }
  return {CKR_OK, size};
}

std::string_view KindName(WrongSignature::Kind kind) {
  for (const auto& [name, named] : kSignatureKinds) {
    if (named == kind) return name;
  }
  return "";
}

}  // namespace rootkeep::chaos
