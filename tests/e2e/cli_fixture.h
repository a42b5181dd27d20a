// `rootkeep` as an operator runs it, on a SoftHSM token of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/softhsm.h"
#include "tests/support/software_key.h"
#include "tests/support/temp_dir.h"
#include "tools/rootkeep/software_key.h"

namespace rootkeep::testing {

class CliTest : public ::testing::Test {
 protected:
  using Words = std::vector<std::string>;

  static ProgramResult Rootkeep(const Words& words) {
    Words argv{ROOTKEEP_BINARY};
    argv.insert(argv.end(), words.begin(), words.end());
    return RunProgram(argv);
  }

  // With the options that name the token.
  ProgramResult OnToken(Words words) const {
    for (const std::string& word : TokenOptions()) words.push_back(word);
    return Rootkeep(words);
  }

  Words TokenOptions() const {
    return {"--module",     SoftHsm::ModulePath(),     "--module-env", "SOFTHSM2_CONF=" + hsm_.conf_file(),
            "--pin-source", "file:" + hsm_.pin_file(), "--token",      SoftHsm::kLabel};
  }

  // What a command with --json printed; fails the test when it did not end well.
  static nlohmann::json Json(const ProgramResult& result) {
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return nlohmann::json::parse(result.out, nullptr, false);
  }

  // A key made outside and brought into the token: what a CA key must never be.
  ossl::PKey Import(const std::string& label, const std::string& id) const {
    ossl::PKey key = MakeKey("P-256");
    auto pem = cli::PrivateKeyPem(key.get());
    EXPECT_THAT(pem, IsOk());
    const std::string file = File("imported.pem", std::string(AsText(pem->RevealForUse())));
    const ProgramResult result =
        RunProgram({"/usr/bin/env", "SOFTHSM2_CONF=" + hsm_.conf_file(), "softhsm2-util", "--import", file, "--token",
                    SoftHsm::kLabel, "--label", label, "--id", id, "--pin", SoftHsm::kPin});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return key;
  }

  std::string File(const std::string& name, const std::string& content) const {
    const std::string path = dir_ / name;
    EXPECT_THAT(WriteFileAtomically(path, content, 0600), IsOk());
    return path;
  }

  // A configuration of rootkeepd's for the token and one authority, "mesh"; `more` is appended to the latter. The PIN's
  // source is the fixture's file unless another is given.
  std::string Config(const std::string& more = "", const std::string& pin_source = "") const {
    return File("rootkeepd.yaml", "version: 1\nstate_directory: " + state_ +
                                      "\nmodules:\n  - name: softhsm\n    path: " + SoftHsm::ModulePath() +
                                      "\n    environment:\n      - name: SOFTHSM2_CONF\n        value: " +
                                      hsm_.conf_file() + "\ntokens:\n  - name: main\n    label: " + SoftHsm::kLabel +
                                      "\n    pin_source: " + (pin_source.empty() ? hsm_.pin_source() : pin_source) +
                                      "\ntrust_domains:\n  - name: cluster.local\nauthorities:\n  - name: mesh\n"
                                      "    trust_domain: cluster.local\n" +
                                      more);
  }

  static std::string Read(const std::string& path) {
    auto content = ReadFile(path, std::size_t{1} << 20);
    EXPECT_THAT(content, IsOk());
    return content.ok() ? *content : "";
  }

  SoftHsm hsm_;
  TempDir dir_;
  const std::string state_ = dir_ / "state";
};

// The command refused: exit code 1, and its message holds `text`.
MATCHER_P(Refused, text, "failed saying \"" + std::string(text) + "\"") {
  *result_listener << "exit code " << arg.exit_code << ", " << arg.err;
  return arg.exit_code == 1 && arg.err.starts_with("rootkeep: ") && arg.err.find(text) != std::string::npos;
}

}  // namespace rootkeep::testing
