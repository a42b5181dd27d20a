// A rootkeepd beside whose back, and whose catalogue, an operator and accidents work.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/catalog.h"
#include "tests/e2e/daemon_process.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/softhsm.h"

namespace rootkeep::testing {

inline constexpr char kIssuingKey[] = "rk/rootkeep-ca/sandbox/1";
inline constexpr char kRootKey[] = "rk/rootkeep-ca/sandbox-root/1";

class KeyCatalogProcess : public DaemonProcess {
 protected:
  void SetUp() override { ASSERT_NO_FATAL_FAILURE(Prepare(SoftHsm::ModulePath())); }

  [[nodiscard]] std::string CatalogPath() const { return files().state() + "/keys.db"; }
  [[nodiscard]] std::unique_ptr<Catalog> OpenCatalog() const { return Catalog::Open(CatalogPath()).value(); }
  [[nodiscard]] KeyState StateOf(const std::string& label) const { return OpenCatalog()->Find(label).value()->state; }

  // The token as another program sees it.
  void OnToken(const std::function<void(KeyStore&)>& work) const {
    ASSERT_OK_AND_ASSIGN(const cli::OpenToken opened, cli::OpenTokenAt(token().place()));
    work(*opened.store);
  }
  void Delete(const std::string& label) const {
    OnToken([&label](KeyStore& store) {
      EXPECT_THAT(store.deleter()->Delete({.object_label = label}, After(kPatience)), IsOk());
    });
  }

  [[nodiscard]] ProgramResult Rootkeep(std::vector<std::string> words) const {
    words.insert(words.begin(), ROOTKEEP_BINARY);
    words.insert(words.end(), {"--config", files().config()});
    return RunProgram(words);
  }

  // What rootkeepd says when it refuses to start; empty, and the test failed, when it does not.
  [[nodiscard]] std::string RefusalToStart() const {
    const ProgramResult run = RunProgram({"timeout", "20", ROOTKEEPD_BINARY, "--config", files().config()});
    EXPECT_EQ(run.exit_code, 1) << run.err;
    return run.err;
  }

  [[nodiscard]] IstioAnswer AskOnce() const { return AskAs("demo", "web"); }
  [[nodiscard]] bool Issues() const { return AskOnce().ok(); }

  // Of the operations address: /readyz with its status, or /metrics.
  [[nodiscard]] std::string Get(const std::string& path) const {
    return RunProgram({"curl", "-sS", "--noproxy", "*", "-w", "%{http_code}",
                       "http://" + daemon().operations_address() + path})
        .out;
  }
  // Waits until /readyz holds the text.
  [[nodiscard]] bool ReadyzSays(const std::string& text) const {
    return Eventually([&] { return Get("/readyz").find(text) != std::string::npos; });
  }
  // Every line of the log with this event, from its beginning.
  [[nodiscard]] std::vector<std::string> LoggedFor(const std::string& event) const {
    const auto text = ReadFile(files().log(), std::size_t{16} << 20);
    std::vector<std::string> keys;
    const std::string mark = "\"event\":\"" + event + "\"";
    for (std::size_t at = text->find(mark); at != std::string::npos; at = text->find(mark, at + 1)) {
      const auto key = text->find("\"key\":\"", at);
      const auto end = text->find('\n', at);
      keys.push_back(key < end ? text->substr(key + 7, text->find('"', key + 7) - key - 7) : "");
    }
    return keys;
  }
};

}  // namespace rootkeep::testing
