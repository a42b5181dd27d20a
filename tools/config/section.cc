#include "tools/config/section.h"

#include <fmt/format.h>

#include <utility>

namespace rootkeep::config {

Section Section::Child(std::string_view field, std::size_t index) const {
  return {positions_, problems_, fmt::format("{}[{}]", PathOf(field), index)};
}

void Section::Complain(std::string_view field, std::string text) const {
  std::string path = PathOf(field);
  auto found = positions_.find(path);
  if (found == positions_.end()) found = positions_.find(path_);
  const Position position = found == positions_.end() ? Position{} : found->second;
  problems_.Add(position, std::move(path), std::move(text));
}

std::string Section::PathOf(std::string_view field) const {
  return path_.empty() ? std::string(field) : fmt::format("{}.{}", path_, field);
}

}  // namespace rootkeep::config
