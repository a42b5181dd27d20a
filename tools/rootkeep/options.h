// What a command reads from its command line, declared once, over CLI11.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace rootkeep::cli {

// Each call declares one option; `into` outlives the parse and keeps its value when the option is not given, which
// --help then shows as the default.
class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  Options& Text(const std::string& flag, std::string& into, const std::string& help);
  // As Text; an empty word is a mistake, of a variable that is not set for example.
  Options& Path(const std::string& flag, std::string& into, const std::string& help);
  Options& Required(const std::string& flag, std::string& into, const std::string& help);
  Options& List(const std::string& flag, std::vector<std::string>& into, const std::string& help);
  Options& Choice(const std::string& flag, std::string& into, const std::vector<std::string>& choices,
                  const std::string& help);
  Options& Number(const std::string& flag, std::uint32_t& into, std::uint32_t least, std::uint32_t most,
                  const std::string& help);
  Options& Flag(const std::string& flag, bool& into, const std::string& help);
  // A word without a flag.
  Options& Argument(const std::string& name, std::string& into, const std::string& help);

 private:
  CLI::App& app_;
};

}  // namespace rootkeep::cli
