#include "tools/rootkeep/output.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace rootkeep::cli {
namespace {

using Row = std::vector<std::string>;

void AppendRow(std::string& out, const Row& row, const std::vector<std::size_t>& widths) {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + "\n";
}

}  // namespace

void PrintLine(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

void PrintJson(const nlohmann::ordered_json& value) {
  PrintLine(value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

std::string FormatTable(const Row& header, const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(header.size());
  for (std::size_t i = 0; i < header.size(); ++i) {
    widths[i] = header[i].size();
    for (const Row& row : rows) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  AppendRow(out, header, widths);
  for (const Row& row : rows) AppendRow(out, row, widths);
  return out;
}

void PrintTable(const Row& header, const std::vector<Row>& rows) { fmt::print("{}", FormatTable(header, rows)); }

Status FinishOutput() {
  // A flush that failed earlier leaves only the mark on the stream.
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return Ok();
  return Unavailable("standard output did not take all that was printed");
}

void PrintError(const Error& error) {
  fmt::print(stderr, "rootkeep: {}\n", Error(error).WithHint("").ToString());
  if (!error.hint().empty()) fmt::print(stderr, "hint: {}\n", error.hint());
}

}  // namespace rootkeep::cli
