// A small valid configuration, and what is wrong with one that is not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/support/matchers.h"
#include "tools/config/load.h"

namespace rootkeep::config::testing {

// What has no default, and nothing else.
inline constexpr std::string_view kMinimal = R"(version: 1
modules:
  - name: softhsm
    path: /usr/lib/softhsm/libsofthsm2.so
tokens:
  - name: ca
    label: rootkeep
    pin_source: file:/etc/rootkeep/pin
trust_domains:
  - name: cluster.local
authorities:
  - name: mesh
)";

inline std::string Minimal(std::string_view more = "") { return std::string(kMinimal) + std::string(more); }

// kMinimal with its one occurrence of `from` replaced.
inline std::string MinimalWith(std::string_view from, std::string_view to) {
  std::string text(kMinimal);
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// As a person sees them; empty when there are none.
inline std::string ProblemsOf(std::string_view text) {
  Problems problems;
  const std::optional<Config> config = ParseConfig(text, problems);
  EXPECT_EQ(config.has_value(), problems.empty());
  return DescribeProblems("c.yaml", problems);
}

inline Config Parsed(std::string_view text) {
  Problems problems;
  std::optional<Config> config = ParseConfig(text, problems);
  EXPECT_TRUE(config.has_value()) << DescribeProblems("c.yaml", problems);
  return config.value_or(Config{});
}

}  // namespace rootkeep::config::testing
