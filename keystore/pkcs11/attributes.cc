#include "keystore/pkcs11/attributes.h"

#include <fmt/format.h>

#include <array>
#include <cstring>

#include "keystore/pkcs11/ckr.h"

namespace rootkeep::pkcs11 {
namespace {

constexpr CK_ULONG kMaxValue = 64 * 1024;

// These say that some of the asked attributes are not to be had; the others were filled in (PKCS#11 2.40 §5.7).
bool IsPartial(CK_RV rv) { return rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE; }

Result<std::vector<CK_OBJECT_HANDLE>> FindAll(const Module::Use& use, CK_SESSION_HANDLE session, std::size_t limit) {
  std::vector<CK_OBJECT_HANDLE> found;
  std::array<CK_OBJECT_HANDLE, 64> batch{};
  for (;;) {
    CK_ULONG count = 0;
    const CK_RV rv = use->C_FindObjects(session, batch.data(), batch.size(), &count);
    if (rv != CKR_OK) return CkError("C_FindObjects", rv);
    if (count == 0 || count > batch.size()) return found;
    found.insert(found.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
    if (found.size() > limit) return ResourceExhausted(fmt::format("the token holds more than {} such objects", limit));
  }
}

}  // namespace

Template& Template::Bool(CK_ATTRIBUTE_TYPE type, bool value) {
  const CK_BBOOL octet = value ? CK_TRUE : CK_FALSE;
  return Octets(type, {&octet, 1});
}

Template& Template::Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
  return Octets(type, {reinterpret_cast<const std::uint8_t*>(&value), sizeof value});
}

Template& Template::Octets(CK_ATTRIBUTE_TYPE type, ByteView value) {
  Bytes& copy = values_.emplace_back(value.begin(), value.end());
  rows_.push_back({type, copy.data(), copy.size()});
  return *this;
}

Result<Attributes> Attributes::Read(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                    std::initializer_list<CK_ATTRIBUTE_TYPE> types) {
  std::vector<CK_ATTRIBUTE> rows;
  for (const CK_ATTRIBUTE_TYPE type : types) rows.push_back({type, nullptr, 0});
  CK_RV rv = use->C_GetAttributeValue(session, object, rows.data(), rows.size());
  if (rv != CKR_OK && !IsPartial(rv)) return CkError("C_GetAttributeValue", rv);
  std::erase_if(rows, [](const CK_ATTRIBUTE& row) { return row.ulValueLen == CK_UNAVAILABLE_INFORMATION; });
  Attributes read;
  if (rows.empty()) return read;
  for (CK_ATTRIBUTE& row : rows) {
    if (row.ulValueLen > kMaxValue) return Error(Code::kDataLoss, fmt::format("attribute {:#x} is too long", row.type));
    Bytes& value = read.values_[row.type];
    value.resize(row.ulValueLen);
    row.pValue = value.data();
  }
  rv = use->C_GetAttributeValue(session, object, rows.data(), rows.size());
  if (rv != CKR_OK) return CkError("C_GetAttributeValue", rv);
  for (const CK_ATTRIBUTE& row : rows) read.values_[row.type].resize(std::min(row.ulValueLen, kMaxValue));
  return read;
}

std::optional<bool> Attributes::Bool(CK_ATTRIBUTE_TYPE type) const {
  const Bytes& value = Octets(type);
  if (value.size() != sizeof(CK_BBOOL)) return std::nullopt;
  return value.front() != CK_FALSE;
}

std::optional<CK_ULONG> Attributes::Number(CK_ATTRIBUTE_TYPE type) const {
  const Bytes& value = Octets(type);
  CK_ULONG number = 0;
  if (value.size() != sizeof number) return std::nullopt;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

const Bytes& Attributes::Octets(CK_ATTRIBUTE_TYPE type) const {
  static const auto& none = *new Bytes;
  const auto found = values_.find(type);
  return found == values_.end() ? none : found->second;
}

Result<std::vector<CK_OBJECT_HANDLE>> FindObjects(const Module::Use& use, CK_SESSION_HANDLE session, Template& search,
                                                  std::size_t limit) {
  search.Bool(CKA_TOKEN, true);
  const CK_RV rv = use->C_FindObjectsInit(session, search.data(), search.size());
  if (rv != CKR_OK) return CkError("C_FindObjectsInit", rv);
  auto found = FindAll(use, session, limit);
  const CK_RV final_rv = use->C_FindObjectsFinal(session);
  if (found.ok() && final_rv != CKR_OK) return CkError("C_FindObjectsFinal", final_rv);
  return found;
}

}  // namespace rootkeep::pkcs11
