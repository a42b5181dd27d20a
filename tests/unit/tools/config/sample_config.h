// A sample configuration as documentation that must be true: its conventions ("#" default, "##" example) are explained
// at its top.
#pragma once

#include <google/protobuf/descriptor.h>

#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace rootkeep::config::testing {

// `text` with the keys behind `marks` uncommented.
inline std::string Uncomment(const std::string& text, const std::string& marks) {
  const std::regex key("^( *(?:- )?)" + marks + "(?=[a-z-])");
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) out += std::regex_replace(line, key, "$1") + "\n";
  return out;
}

using google::protobuf::Descriptor;

// Every "<message>.<field>" of the schema, from `descriptor` down.
inline void CollectFields(const Descriptor& descriptor, std::set<std::string>& out) {
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const auto& field = *descriptor.field(i);
    out.insert(field.full_name());
    if (field.message_type() != nullptr) CollectFields(*field.message_type(), out);
  }
}

// The field that a key such as "tokens[0].name" stands for, from `descriptor` down.
inline std::string FieldOf(const std::string& key, const Descriptor* descriptor) {
  std::istringstream parts(std::regex_replace(key, std::regex("\\[[0-9]+\\]"), ""));
  std::string name;
  for (std::string part; std::getline(parts, part, '.');) {
    const auto* field = descriptor->FindFieldByName(part);
    name = field->full_name();
    descriptor = field->message_type();
  }
  return name;
}

}  // namespace rootkeep::config::testing
