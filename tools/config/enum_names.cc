#include "tools/config/enum_names.h"

#include <algorithm>

namespace rootkeep::config {
namespace {

using google::protobuf::EnumDescriptor;

// "LOCAL_ONLY" in "CUSTODY_LOCAL_ONLY": the values share a prefix up to the zero one's "UNSPECIFIED".
std::string_view WithoutPrefix(const EnumDescriptor& descriptor, std::string_view name) {
  constexpr std::string_view kZero = "UNSPECIFIED";
  return name.substr(descriptor.FindValueByNumber(0)->name().size() - kZero.size());
}

std::string Written(std::string_view name) {
  std::string out(name);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c == '_' ? '-' : static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

}  // namespace

std::vector<std::string> EnumNames(const EnumDescriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.value_count(); ++i) {
    if (descriptor.value(i)->number() == 0) continue;
    names.push_back(Written(WithoutPrefix(descriptor, descriptor.value(i)->name())));
  }
  return names;
}

std::optional<int> EnumFromName(const EnumDescriptor& descriptor, std::string_view name) {
  for (int i = 0; i < descriptor.value_count(); ++i) {
    const auto& value = *descriptor.value(i);
    if (value.number() != 0 && Written(WithoutPrefix(descriptor, value.name())) == name) return value.number();
  }
  return std::nullopt;
}

}  // namespace rootkeep::config
