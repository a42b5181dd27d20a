// Attribute templates with the storage behind them, and reading attributes of objects.
#pragma once

#include <p11-kit/pkcs11.h>

#include <deque>
#include <initializer_list>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "keystore/pkcs11/module.h"

namespace rootkeep::pkcs11 {

// Grows by chained calls; keeps copies of the values. Not copyable, because its rows point into itself.
class Template {
 public:
  Template() = default;
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;

  Template& Bool(CK_ATTRIBUTE_TYPE type, bool value);
  Template& Number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
  Template& Octets(CK_ATTRIBUTE_TYPE type, ByteView value);
  Template& Text(CK_ATTRIBUTE_TYPE type, std::string_view value) { return Octets(type, AsBytes(value)); }

  [[nodiscard]] CK_ATTRIBUTE* data() { return rows_.data(); }
  [[nodiscard]] CK_ULONG size() const { return rows_.size(); }

 private:
  std::deque<Bytes> values_;
  std::vector<CK_ATTRIBUTE> rows_;
};

// What an object reported; an attribute that it does not have or does not reveal is absent.
class Attributes {
 public:
  // Fails with the call's error, or DATA_LOSS when a value is longer than 64 KiB.
  static Result<Attributes> Read(const Module::Use& use, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 std::initializer_list<CK_ATTRIBUTE_TYPE> types);

  [[nodiscard]] std::optional<bool> Bool(CK_ATTRIBUTE_TYPE type) const;
  [[nodiscard]] std::optional<CK_ULONG> Number(CK_ATTRIBUTE_TYPE type) const;
  // Empty when absent.
  [[nodiscard]] const Bytes& Octets(CK_ATTRIBUTE_TYPE type) const;

 private:
  std::map<CK_ATTRIBUTE_TYPE, Bytes> values_;
};

// The token objects (never session objects) that match `search` besides CKA_TOKEN. RESOURCE_EXHAUSTED beyond
// `limit`. The session must not have another search open; on error do not use it again.
Result<std::vector<CK_OBJECT_HANDLE>> FindObjects(const Module::Use& use, CK_SESSION_HANDLE session, Template& search,
                                                  std::size_t limit);

}  // namespace rootkeep::pkcs11
