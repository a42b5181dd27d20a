#include "tools/config/yaml_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rootkeep::config {
namespace {

// yaml-cpp counts from 0, and says -1 where it does not know.
Position At(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7f; }

}  // namespace

void YamlBuilder::OnDocumentStart(const YAML::Mark& mark) {
  if (++documents_ > 1) Refuse(mark, "a second document; a configuration is one");
}

void YamlBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (!Admit(mark, "", anchor)) return;
  Place({.kind = YamlNode::Kind::kNull, .position = At(mark)});
}

void YamlBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) {
  Refuse(mark, "aliases are not supported; write the value out");
}

void YamlBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& value) {
  if (!Admit(mark, tag, anchor)) return;
  if (std::ranges::any_of(value, IsControl)) return Refuse(mark, "a control character in a value");
  Place({.kind = YamlNode::Kind::kScalar, .position = At(mark), .text = value, .quoted = tag == "!"});
}

void YamlBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                                  YAML::EmitterStyle::value /*style*/) {
  Start(mark, tag, anchor, YamlNode::Kind::kSequence);
}

void YamlBuilder::OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                             YAML::EmitterStyle::value /*style*/) {
  Start(mark, tag, anchor, YamlNode::Kind::kMap);
}

void YamlBuilder::Refuse(const YAML::Mark& mark, std::string text) {
  if (!refusal_) refusal_ = Refusal{At(mark), std::move(text)};
}

bool YamlBuilder::Admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
  if (anchor != YAML::NullAnchor) Refuse(mark, "anchors are not supported; write the value out");
  // "?" is a plain value, "!" one in quotes; what is left is a tag that somebody wrote.
  if (!tag.empty() && tag != "?" && tag != "!") Refuse(mark, "tags are not supported");
  if (++nodes_ > kMaxYamlNodes) Refuse(mark, fmt::format("more than {} values", kMaxYamlNodes));
  return !refusal_;
}

void YamlBuilder::Start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
  if (!Admit(mark, tag, anchor)) return;
  if (open_.size() >= kMaxYamlDepth) return Refuse(mark, fmt::format("nested deeper than {} levels", kMaxYamlDepth));
  open_.push_back({.kind = kind, .position = At(mark)});
}

void YamlBuilder::Place(YamlNode node) {
  if (open_.empty()) {
    root_ = std::move(node);
    return;
  }
  YamlNode& parent = open_.back();
  const bool is_key = parent.kind == YamlNode::Kind::kMap && parent.keys.size() == parent.items.size();
  (is_key ? parent.keys : parent.items).push_back(std::move(node));
}

void YamlBuilder::Close() {
  // After a refusal ends no longer match starts.
  if (refusal_ || open_.empty()) return;
  YamlNode done = std::move(open_.back());
  open_.pop_back();
  Place(std::move(done));
}

}  // namespace rootkeep::config
