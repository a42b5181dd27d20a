#include "tools/config/yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <sstream>

#include "tools/config/yaml_builder.h"

namespace rootkeep::config {
namespace {

// UTF-16 and UTF-32, which yaml-cpp would read too, hold zero octets.
bool IsText(std::string_view text) { return text.find('\0') == std::string_view::npos; }

// yaml-cpp takes a quote that is never closed for closed when a line break is the last thing before the end of the
// text.
std::string_view WithoutEnd(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

// The adapter's edge: nothing that yaml-cpp throws leaves it.
void Parse(std::string_view text, YamlBuilder& builder, Problems& problems) {
  try {
    std::istringstream stream{std::string(WithoutEnd(text))};
    YAML::Parser parser(stream);
    while (!builder.refusal() && parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& error) {
    const Position at{static_cast<std::size_t>(error.mark.line) + 1, static_cast<std::size_t>(error.mark.column) + 1};
    problems.Add(error.mark.is_null() ? Position{} : at, "", error.msg);
  } catch (const std::exception& error) {
    problems.Add({}, "", fmt::format("yaml parser: {}", error.what()));
  }
}

}  // namespace

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "text";
    case YamlNode::Kind::kSequence: return "a list";
    case YamlNode::Kind::kMap: return "a map";
  }
  return "nothing";
}

std::optional<YamlNode> ParseYaml(std::string_view text, Problems& problems) {
  if (text.size() > kMaxYamlText) {
    problems.Add({}, "", fmt::format("larger than {} bytes", kMaxYamlText));
    return std::nullopt;
  }
  if (!IsText(text)) {
    problems.Add({}, "", "not UTF-8 text");
    return std::nullopt;
  }
  YamlBuilder builder;
  Parse(text, builder, problems);
  if (builder.refusal()) problems.Add(builder.refusal()->position, "", builder.refusal()->text);
  if (!problems.empty()) return std::nullopt;
  std::optional<YamlNode> root = builder.TakeRoot();
  if (!root) problems.Add({}, "", "empty");
  return root;
}

}  // namespace rootkeep::config
