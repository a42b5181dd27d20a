#include "tools/rootkeep/options.h"

#include <CLI/CLI.hpp>

namespace rootkeep::cli {

Options& Options::Text(const std::string& flag, std::string& into, const std::string& help) {
  auto* option = app_.add_option(flag, into, help);
  if (!into.empty()) option->capture_default_str();
  return *this;
}

Options& Options::Path(const std::string& flag, std::string& into, const std::string& help) {
  app_.add_option(flag, into, help)
      ->check([](const std::string& word) { return std::string(word.empty() ? "names nothing" : ""); }, "");
  return *this;
}

Options& Options::Required(const std::string& flag, std::string& into, const std::string& help) {
  app_.add_option(flag, into, help)->required();
  return *this;
}

Options& Options::List(const std::string& flag, std::vector<std::string>& into, const std::string& help) {
  // One value a flag, so that a word after it is never swallowed.
  app_.add_option(flag, into, help)->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  return *this;
}

Options& Options::Choice(const std::string& flag, std::string& into, const std::vector<std::string>& choices,
                         const std::string& help) {
  app_.add_option(flag, into, help)->check(CLI::IsMember(choices))->capture_default_str();
  return *this;
}

Options& Options::Number(const std::string& flag, std::uint32_t& into, std::uint32_t least, std::uint32_t most,
                         const std::string& help) {
  app_.add_option(flag, into, help)->check(CLI::Range(least, most))->capture_default_str();
  return *this;
}

Options& Options::Flag(const std::string& flag, bool& into, const std::string& help) {
  app_.add_flag(flag, into, help);
  return *this;
}

Options& Options::Argument(const std::string& name, std::string& into, const std::string& help) {
  app_.add_option(name, into, help)->required();
  return *this;
}

}  // namespace rootkeep::cli
