// One message of the configuration while it is being validated: knows its key, so that problems find their line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/config/problems.h"

namespace rootkeep::config {

// Borrows positions and problems. `path` is the key as in Positions, empty for the whole file.
class Section {
 public:
  Section(const Positions& positions, Problems& problems, std::string path)
      : positions_(positions), problems_(problems), path_(std::move(path)) {}

  [[nodiscard]] Section Child(std::string_view field) const { return {positions_, problems_, PathOf(field)}; }
  [[nodiscard]] Section Child(std::string_view field, std::size_t index) const;

  // Whether the file has the key.
  [[nodiscard]] bool Given(std::string_view field) const { return positions_.contains(PathOf(field)); }

  // Records a problem with one of the fields, at its place or, when it is not in the file, at the section's.
  void Complain(std::string_view field, std::string text) const;

 private:
  [[nodiscard]] std::string PathOf(std::string_view field) const;

  const Positions& positions_;
  Problems& problems_;
  std::string path_;
};

// read(item, section) of every item of the list `field`.
template <typename Items, typename Read>
auto ReadList(const Section& section, std::string_view field, const Items& items, Read read) {
  std::vector<decltype(read(*items.begin(), section))> out;
  out.reserve(static_cast<std::size_t>(items.size()));
  for (const auto& item : items) out.push_back(read(item, section.Child(field, out.size())));
  return out;
}

// One text of each item, in order.
template <typename Item>
std::vector<std::string> Each(const std::vector<Item>& items, std::string Item::* field) {
  std::vector<std::string> out;
  out.reserve(items.size());
  for (const Item& item : items) out.push_back(item.*field);
  return out;
}

template <typename Item>
std::vector<std::string> NamesOf(const std::vector<Item>& items) {
  return Each(items, &Item::name);
}

}  // namespace rootkeep::config
