// The openssl program with rootkeep.so in its configuration.
#pragma once

#include "tests/e2e/provider_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/program.h"

namespace rootkeep {

class ProviderCli : public ProviderSuite {
 protected:
  static testing::ProgramResult OpenSsl(const std::vector<std::string>& words,
                                        testing::Listed listed = testing::Listed::kLast) {
    std::vector<std::string> argv{"env", "OPENSSL_CONF=" + host_->Config(listed), "openssl"};
    argv.insert(argv.end(), words.begin(), words.end());
    return testing::RunProgram(argv);
  }
  static void Expect(const std::vector<std::string>& words, testing::Listed listed = testing::Listed::kLast) {
    const testing::ProgramResult result = OpenSsl(words, listed);
    EXPECT_EQ(result.exit_code, 0) << ::testing::PrintToString(words) << "\n" << result.out << result.err;
  }
  static std::string HashOption(const std::string& key) { return key == "p384" ? "-sha384" : "-sha256"; }
  static std::string HashName(const std::string& key) { return key == "p384" ? "sha384" : "sha256"; }
  // With a certificate of the key's own.
  static std::string Certified(const std::string& key) {
    const std::string cert = host_->Path(key + ".crt");
    Expect({"req", "-x509", "-new", "-key", host_->Reference(key), "-subj", "/CN=localhost", "-addext",
            "basicConstraints=critical,CA:TRUE", HashOption(key), "-days", "2", "-out", cert});
    return cert;
  }

  // s_server, which demands a client's certificate; null when it does not listen. `port` is where it does.
  static std::unique_ptr<cli::Child> StartServer(const std::vector<std::string>& words, const std::string& log,
                                                 std::string& port) {
    std::vector<std::string> argv{"/usr/bin/env", "OPENSSL_CONF=" + host_->Config(),
                                  "openssl",      "s_server",
                                  "-accept",      "127.0.0.1:0",
                                  "-Verify",      "1",
                                  "-www",         "-verify_return_error"};
    argv.insert(argv.end(), words.begin(), words.end());
    auto server = cli::Child::Start(argv, log);
    if (!server.ok()) return nullptr;
    const std::string mark = "ACCEPT 127.0.0.1:";
    const bool listens = testing::Eventually([&] {
      const std::string text = ReadFile(log, 1 << 16).value_or("");
      const auto at = text.find(mark);
      const auto end = text.find('\n', at == std::string::npos ? 0 : at);
      if (at == std::string::npos || end == std::string::npos) return false;
      port = text.substr(at + mark.size(), end - at - mark.size());
      return true;
    });
    EXPECT_TRUE(listens) << ReadFile(log, 1 << 16).value_or("");
    return listens ? std::make_unique<cli::Child>(*std::move(server)) : nullptr;
  }
  static testing::ProgramResult Connect(const std::string& port, const std::vector<std::string>& words) {
    std::vector<std::string> argv{"env",
                                  "OPENSSL_CONF=" + host_->Config(),
                                  "openssl",
                                  "s_client",
                                  "-connect",
                                  "127.0.0.1:" + port,
                                  "-verify_return_error",
                                  "-ign_eof"};
    argv.insert(argv.end(), words.begin(), words.end());
    return testing::RunProgram(argv, "GET / HTTP/1.0\r\n\r\n");
  }
};

}  // namespace rootkeep
