#include "tools/config/yaml_to_proto.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>

#include <charconv>
#include <optional>
#include <set>
#include <string>
#include <system_error>

#include "tools/config/enum_names.h"
#include "tools/config/nearest.h"

namespace rootkeep::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::size_t kMaxText = 4096;  // octets; more than any name, path or URI here needs

std::string Found(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::kScalar) return std::string(KindName(node.kind));
  constexpr std::size_t kShown = 40;
  return node.text.size() <= kShown ? fmt::format("\"{}\"", node.text) : "a long text";
}

class Walker {
 public:
  Walker(Positions& positions, Problems& problems) : positions_(positions), problems_(problems) {}

  void FillMessage(const YamlNode& node, Message& message, const std::string& path) {
    if (node.kind == YamlNode::Kind::kNull) return;  // everything in it is commented out
    if (node.kind != YamlNode::Kind::kMap) return Expected(node, path, "a map");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < node.keys.size(); ++i) FillEntry(node.keys[i], node.items[i], message, path, seen);
  }

 private:
  void FillEntry(const YamlNode& key, const YamlNode& value, Message& message, const std::string& path,
                 std::set<std::string_view>& seen) {
    if (key.kind != YamlNode::Kind::kScalar) return problems_.Add(key.position, path, "a key that is not text");
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(key.text);
    if (field == nullptr) return UnknownKey(key, *message.GetDescriptor(), path);
    const std::string field_path = path.empty() ? key.text : path + "." + key.text;
    if (!seen.insert(key.text).second) {
      return problems_.Add(key.position, "", fmt::format("duplicate key \"{}\"", key.text));
    }
    positions_.emplace(field_path, value.kind == YamlNode::Kind::kNull ? key.position : value.position);
    const bool section = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated();
    if (value.kind == YamlNode::Kind::kNull && !section) {
      return problems_.Add(key.position, field_path, "has no value; leave the key out for the default");
    }
    if (field->is_repeated()) {
      FillList(value, message, *field, field_path);
    } else {
      FillValue(value, message, *field, field_path);
    }
  }

  void FillList(const YamlNode& node, Message& message, const FieldDescriptor& field, const std::string& path) {
    if (node.kind != YamlNode::Kind::kSequence) return Expected(node, path, "a list");
    for (std::size_t i = 0; i < node.items.size(); ++i) {
      const std::string item_path = fmt::format("{}[{}]", path, i);
      positions_.emplace(item_path, node.items[i].position);
      FillValue(node.items[i], message, field, item_path);
    }
  }

  // One value of a singular field, or one more of a repeated one.
  void FillValue(const YamlNode& node, Message& message, const FieldDescriptor& field, const std::string& path) {
    const Reflection& reflection = *message.GetReflection();
    const bool repeated = field.is_repeated();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        FillMessage(node,
                    repeated ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field),
                    path);
        return;
      case FieldDescriptor::CPPTYPE_STRING:
        if (node.kind != YamlNode::Kind::kScalar) return Expected(node, path, "text");
        if (node.text.size() > kMaxText) return Expected(node, path, fmt::format("at most {} bytes", kMaxText));
        if (repeated) return reflection.AddString(&message, &field, node.text);
        return reflection.SetString(&message, &field, node.text);
      case FieldDescriptor::CPPTYPE_BOOL: return FillBool(node, message, field, path);
      case FieldDescriptor::CPPTYPE_UINT32: return FillUint32(node, message, field, path);
      case FieldDescriptor::CPPTYPE_ENUM: return FillEnum(node, message, field, path);
      default: problems_.Add(node.position, path, "is of a type that configuration files cannot hold");
    }
  }

  void FillBool(const YamlNode& node, Message& message, const FieldDescriptor& field, const std::string& path) {
    const bool plain = node.kind == YamlNode::Kind::kScalar && !node.quoted;
    if (!plain || (node.text != "true" && node.text != "false")) return Expected(node, path, "true or false");
    message.GetReflection()->SetBool(&message, &field, node.text == "true");
  }

  void FillUint32(const YamlNode& node, Message& message, const FieldDescriptor& field, const std::string& path) {
    const bool plain = node.kind == YamlNode::Kind::kScalar && !node.quoted;
    std::uint32_t number = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, number);
    if (plain && error == std::errc::result_out_of_range) {
      return problems_.Add(node.position, path, fmt::format("{} is out of range", Found(node)));
    }
    if (!plain || error != std::errc() || stop != end) return Expected(node, path, "a number");
    if (field.is_repeated()) return message.GetReflection()->AddUInt32(&message, &field, number);
    message.GetReflection()->SetUInt32(&message, &field, number);
  }

  void FillEnum(const YamlNode& node, Message& message, const FieldDescriptor& field, const std::string& path) {
    const auto number =
        node.kind == YamlNode::Kind::kScalar ? EnumFromName(*field.enum_type(), node.text) : std::nullopt;
    if (!number) {
      return Expected(node, path, fmt::format("one of {}", fmt::join(EnumNames(*field.enum_type()), ", ")));
    }
    if (field.is_repeated()) return message.GetReflection()->AddEnumValue(&message, &field, *number);
    message.GetReflection()->SetEnumValue(&message, &field, *number);
  }

  void Expected(const YamlNode& node, const std::string& path, std::string_view what) {
    problems_.Add(node.position, path, fmt::format("expected {}, found {}", what, Found(node)));
  }

  void UnknownKey(const YamlNode& key, const Descriptor& descriptor, const std::string& path) {
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(descriptor.field_count()));
    for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
    std::string text = fmt::format("unknown key {}", Found(key));
    if (!path.empty()) text += " in " + path;
    if (const auto nearest = Nearest(key.text, names)) text += fmt::format("; did you mean \"{}\"?", *nearest);
    problems_.Add(key.position, "", std::move(text));
  }

  Positions& positions_;
  Problems& problems_;
};

}  // namespace

void YamlToProto(const YamlNode& root, Message& message, Positions& positions, Problems& problems) {
  Walker(positions, problems).FillMessage(root, message, "");
}

}  // namespace rootkeep::config
