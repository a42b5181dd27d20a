#include "attestation/verifier/ek_names.h"

#include <algorithm>
#include <optional>

#include "attestation/verifier/reasons.h"

namespace rootkeep::attestation {
namespace {

using AltNames = ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using Attribute = ossl::Owned<X509_ATTRIBUTE, X509_ATTRIBUTE_free>;

void FreeAny(ASN1_SEQUENCE_ANY* sequence) { sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free); }
using Sequence = ossl::Owned<ASN1_SEQUENCE_ANY, FreeAny>;

constexpr std::size_t kMaxText = 128;

Error Bad(std::string_view detail) { return Failure(reason::kEkCertificateNames, detail); }

ByteView OctetsOf(const ASN1_STRING* text) {
  return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool IsPrintable(ByteView text) {
  return !text.empty() && text.size() <= kMaxText &&
         std::ranges::all_of(text, [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

// The attribute's text. Nothing when it is not there; empty when it is there twice or is no printable ASCII.
std::optional<std::string> TextOf(const X509_NAME* name, ByteView oid) {
  std::optional<std::string> found;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    if (!IsOid(X509_NAME_ENTRY_get_object(entry), oid)) continue;
    const ByteView text = OctetsOf(X509_NAME_ENTRY_get_data(entry));
    found = found.has_value() || !IsPrintable(text) ? "" : std::string(AsText(text));
  }
  return found;
}

Result<TpmNames> NamesIn(const X509_NAME* name) {
  TpmNames names{.manufacturer = NormalisedManufacturer(TextOf(name, kOidManufacturer).value_or("")),
                 .model = TextOf(name, kOidModel).value_or(""),
                 .version = TextOf(name, kOidVersion).value_or("")};
  if (names.manufacturer.empty()) return Bad("the manufacturer is not one \"id:\" and eight digits");
  if (names.model.empty() || names.version.empty()) return Bad("model or version is not one printable text");
  return names;
}

Sequence ReadSequence(ByteView der) {
  const unsigned char* at = der.data();
  Sequence sequence(d2i_ASN1_SEQUENCE_ANY(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (at != der.data() + der.size()) sequence.reset();
  ossl::ClearErrors();
  return sequence;
}

// TPMSpecification ::= SEQUENCE { family UTF8String, level INTEGER, revision INTEGER }
bool IsTpm2(const X509_ATTRIBUTE* attribute) {
  const ASN1_TYPE* value = X509_ATTRIBUTE_count(attribute) == 1
                               ? X509_ATTRIBUTE_get0_type(const_cast<X509_ATTRIBUTE*>(attribute), 0)
                               : nullptr;
  if (value == nullptr || value->type != V_ASN1_SEQUENCE) return false;
  const Sequence parts = ReadSequence(OctetsOf(value->value.sequence));
  if (parts == nullptr || sk_ASN1_TYPE_num(parts.get()) != 3) return false;
  const ASN1_TYPE* family = sk_ASN1_TYPE_value(parts.get(), 0);
  return family->type == V_ASN1_UTF8STRING && AsText(OctetsOf(family->value.utf8string)) == "2.0";
}

Attribute ReadAttribute(const ASN1_TYPE* value) {
  if (value->type != V_ASN1_SEQUENCE) return nullptr;
  const ByteView der = OctetsOf(value->value.sequence);
  const unsigned char* at = der.data();
  Attribute attribute(d2i_X509_ATTRIBUTE(nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  ossl::ClearErrors();
  return attribute;
}

}  // namespace

bool IsOid(const ASN1_OBJECT* object, ByteView contents) {
  return std::ranges::equal(ByteView(OBJ_get0_data(object), OBJ_length(object)), contents);
}

std::string NormalisedManufacturer(std::string_view text) {
  constexpr std::string_view kPrefix = "id:";
  if (!text.starts_with(kPrefix)) return "";
  const auto vendor = FromHex(text.substr(kPrefix.size()));
  if (!vendor.has_value() || vendor->size() != 4) return "";
  std::string digits = ToHex(*vendor);
  std::ranges::transform(digits, digits.begin(), [](char c) { return c >= 'a' ? static_cast<char>(c - 32) : c; });
  return std::string(kPrefix) + digits;
}

Result<TpmNames> ReadTpmNames(const X509* cert) {
  int critical = 0;
  const AltNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) {
    ossl::ClearErrors();
    return Bad("there is not one subject alternative name");
  }
  if (critical == 0 && X509_NAME_entry_count(X509_get_subject_name(cert)) == 0) {
    return Bad("the subject is empty and its alternative is not critical");
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DIRNAME && TextOf(name->d.directoryName, kOidManufacturer).has_value()) {
      return NamesIn(name->d.directoryName);
    }
  }
  return Bad("no directory name has a manufacturer");
}

Status CheckTpmSpecification(const X509* cert) {
  const int index = X509_get_ext_by_NID(cert, NID_subject_directory_attributes, -1);
  if (index < 0) return Ok();
  const Sequence attributes = ReadSequence(OctetsOf(X509_EXTENSION_get_data(X509_get_ext(cert, index))));
  if (attributes == nullptr) return Failure(reason::kEkCertificateSpecification, "the attributes do not parse");
  for (int i = 0; i < sk_ASN1_TYPE_num(attributes.get()); ++i) {
    const Attribute attribute = ReadAttribute(sk_ASN1_TYPE_value(attributes.get(), i));
    if (attribute == nullptr) return Failure(reason::kEkCertificateSpecification, "an attribute does not parse");
    if (IsOid(X509_ATTRIBUTE_get0_object(attribute.get()), kOidSpecification) && !IsTpm2(attribute.get())) {
      return Failure(reason::kEkCertificateSpecification);
    }
  }
  return Ok();
}

}  // namespace rootkeep::attestation
