#include "tests/support/chaos.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"

namespace rootkeep::testing {

std::string Chaos::ModulePath() { return ROOTKEEP_CHAOS_MODULE_FILE; }

std::map<std::string, std::string> Chaos::Environment(const std::string& real_module) const {
  return {{"ROOTKEEP_CHAOS_MODULE", real_module}, {"ROOTKEEP_CHAOS_SCENARIO", scenario_}, {"ROOTKEEP_CHAOS_LOG", log_}};
}

void Chaos::Set(const std::string& scenario) const {
  const auto status = WriteFileAtomically(scenario_, scenario, 0600);
  if (status.ok()) return;
  std::fprintf(stderr, "Chaos fixture: %s\n", status.error().ToString().c_str());
  std::abort();
}

void Chaos::Clear() const { unlink(scenario_.c_str()); }

std::vector<Chaos::Event> Chaos::Log() const {
  std::vector<Event> events;
  std::ifstream file(log_);
  for (std::string line; std::getline(file, line);) {
    Event event;
    const auto parsed = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    for (const auto& [key, value] : parsed.items())
      event[key] = value.is_string() ? value.get<std::string>() : value.dump();
    events.push_back(std::move(event));
  }
  return events;
}

std::vector<std::string> Chaos::LinesFrom(std::streamoff& offset) const {
  std::vector<std::string> lines;
  std::ifstream file(log_);
  file.seekg(offset);
  // A line without its end is still being written.
  for (std::string line; std::getline(file, line) && !file.eof();) {
    offset += static_cast<std::streamoff>(line.size() + 1);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<Chaos::Event> Chaos::Faults(const std::string& fault) const {
  std::vector<Event> faults = Log();
  std::erase_if(faults, [&fault](Event& event) { return event["fault"] != fault; });
  return faults;
}

}  // namespace rootkeep::testing
