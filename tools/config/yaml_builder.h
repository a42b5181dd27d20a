// Builds a YamlNode tree from yaml-cpp's parse events; private to yaml_tree.cc.
#pragma once

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/config/yaml_tree.h"

namespace rootkeep::config {

// The tree is built from events rather than from YAML::Node, which drops duplicate keys and expands aliases. After the
// first refusal everything else is ignored.
class YamlBuilder final : public YAML::EventHandler {
 public:
  struct Refusal {
    Position position;
    std::string text;
  };

  [[nodiscard]] const std::optional<Refusal>& refusal() const { return refusal_; }
  // The finished document, if there was one.
  std::optional<YamlNode> TakeRoot() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override;
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override;
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override;
  void OnMapEnd() override { Close(); }

 private:
  void Refuse(const YAML::Mark& mark, std::string text);
  // Whether a node with these properties is acceptable here; refuses otherwise.
  bool Admit(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor);
  void Start(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind);
  void Place(YamlNode node);
  void Close();

  std::vector<YamlNode> open_;  // lists and maps not yet closed, innermost last
  std::optional<YamlNode> root_;
  std::optional<Refusal> refusal_;
  std::size_t nodes_ = 0;
  std::size_t documents_ = 0;
};

}  // namespace rootkeep::config
