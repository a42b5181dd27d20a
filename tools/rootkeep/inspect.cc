#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "tools/rootkeep/chain_words.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/output.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 4 * 1024 * 1024;

struct Asked {
  std::string file;
  bool json = false;
};

Status Inspect(const Asked& asked) {
  RK_TRY(const std::string pem, ReadFile(asked.file, kMaxFile));
  auto read = ReadCertificates(pem);
  if (!read.ok()) return Error(read.error()).Within(asked.file);
  if (asked.json) {
    PrintJson(ChainJson(*read, {}));
  } else {
    for (const std::string& line : ChainWords(*read, {})) PrintLine(line);
  }
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Argument("file", asked->file, "PEM file with one or more certificates")
      .Flag("--json", asked->json, "Print JSON");
  return [asked] { return Inspect(*asked); };
}

}  // namespace

Command InspectCommand() {
  return {.group = "",
          .name = "inspect",
          .summary = "A certificate chain in words",
          .example = "rootkeep inspect cert-chain.pem",
          .declare = Declare};
}

}  // namespace rootkeep::cli
