#include "tools/rootkeep/find_token.h"

#include <fmt/format.h>

#include "keystore/pkcs11/store.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/key_report.h"

namespace rootkeep::cli {
namespace {

std::string SelectorText(const pkcs11::TokenSelector& selector) {
  if (selector.label.empty()) return "serial " + selector.serial;
  return selector.serial.empty() ? fmt::format("\"{}\"", selector.label)
                                 : fmt::format("\"{}\", serial {}", selector.label, selector.serial);
}

}  // namespace

Result<DeviceInfo> FindDevice(pkcs11::Module& module, const pkcs11::TokenSelector& selector) {
  RK_TRY(const auto tokens, pkcs11::ListTokens(module, After(kTokenDeadline)));
  std::vector<DeviceInfo> found;
  std::string shown;
  for (const DeviceInfo& token : tokens) {
    shown += fmt::format("{}\"{}\" (serial {})", shown.empty() ? "" : ", ", token.label, token.serial);
    const bool matches = (selector.label.empty() || selector.label == token.label) &&
                         (selector.serial.empty() || selector.serial == token.serial);
    if (matches) found.push_back(token);
  }
  if (found.size() == 1) return found.front();
  return FailedPrecondition(fmt::format("{} tokens answer to {}", found.size(), SelectorText(selector)))
      .WithHint(shown.empty() ? "the module shows no token" : "the module shows " + shown);
}

}  // namespace rootkeep::cli
