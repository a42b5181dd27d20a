#include "signer/lint/extension_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "signer/lint/fields.h"

namespace rootkeep::lint {
namespace {

// Every extension a certificate of ours may have is 2.5.29.x (RFC 5280 §4.2.1); this is x's slot.
std::optional<ExtensionView>* SlotOf(ByteView id, ExtensionSet& set) {
  constexpr std::array<std::uint8_t, 2> kCertificateExtension{0x55, 0x1d};
  if (id.size() != 3 || !std::ranges::equal(id.first(2), kCertificateExtension)) return nullptr;
  switch (id[2]) {
    case 14: return &set.subject_key_id;
    case 15: return &set.key_usage;
    case 17: return &set.subject_alt_name;
    case 19: return &set.basic_constraints;
    case 30: return &set.name_constraints;
    case 35: return &set.authority_key_id;
    case 37: return &set.ext_key_usage;
    default: return nullptr;
  }
}

Status ReadOne(ByteView extension, ExtensionSet& set) {
  der::Reader reader(extension);
  const std::optional<ByteView> id = reader.Take(der::kOid);
  ExtensionView view;
  if (reader.NextIs(der::kBoolean)) {
    const std::optional<ByteView> critical = reader.Take(der::kBoolean);
    // DER writes no default, so a truth value that is there is TRUE (X.690 §11.1, §11.5).
    view.critical = critical && critical->size() == 1 && critical->front() == 0xff;
    if (!view.critical) return Broken("lint_extension", "a criticality is there but not TRUE");
  }
  const std::optional<ByteView> value = reader.Take(der::kOctetString);
  if (!id || !value || !reader.AtEnd()) return Broken("lint_extension", "an extension is not DER");
  view.value = *value;
  std::optional<ExtensionView>* slot = SlotOf(*id, set);
  if (slot == nullptr) return Broken("lint_extension", fmt::format("unknown extension {}", ToHex(*id)));
  if (slot->has_value()) return Broken("lint_extension", fmt::format("extension {} is there twice", ToHex(*id)));
  *slot = view;
  return Ok();
}

}  // namespace

Result<ExtensionSet> ReadExtensions(ByteView extensions) {
  ExtensionSet set;
  der::Reader reader(extensions);
  while (!reader.AtEnd()) {
    const std::optional<ByteView> extension = reader.Take(der::kSequence);
    if (!extension) return Broken("lint_extension", "an extension is not a sequence");
    RK_RETURN_IF_ERROR(ReadOne(*extension, set));
  }
  return set;
}

}  // namespace rootkeep::lint
