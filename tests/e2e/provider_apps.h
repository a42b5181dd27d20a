// What tests of other people's programs have in common: certificates for an agent's keys, and what a program has to
// bear while it serves with one.
#pragma once

#include <fmt/format.h>

#include "tests/e2e/provider_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/program.h"

namespace rootkeep {

class ProviderApps : public ProviderSuite {
 protected:
  static constexpr std::chrono::seconds kPatience{30};
  // Name of a key of a file, with a certificate: what a program's own key is told apart from.
  static constexpr const char* kFile = "file";

  static void SetUpTestSuite() {
    ProviderSuite::SetUpTestSuite();
    MakeCertificates();
  }
  static void MakeCertificates() {
    host_->WriteFile("file.pem", "");  // so that its mode is ours
    EXPECT_EQ(testing::RunProgram({"openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "group:P-256", "-out",
                                   host_->Path("file.pem")})
                  .exit_code,
              0);
    std::string all;
    for (const char* key : {kFile, "p256", "rsa"}) {
      if (key != kFile) (void)host_->Reference(key);
      const testing::ProgramResult made = testing::RunProgram(
          {"env", Environment(), "openssl", "req", "-x509", "-new", "-key", Key(key), "-subj",
           std::string("/CN=") + key, "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-out", Cert(key)});
      EXPECT_EQ(made.exit_code, 0) << made.err;
      all += ReadFile(Cert(key), 1 << 16).value_or("");
    }
    host_->WriteFile("trusted.crt", all);
  }

  static std::string Environment(testing::Listed listed = testing::Listed::kLast) {
    return "OPENSSL_CONF=" + host_->Config(listed);
  }
  // Of "p256" and "rsa", which the agent has, and of kFile.
  static std::string Key(const std::string& key) { return host_->Path(key + ".pem"); }
  static std::string Cert(const std::string& key) { return host_->Path(key + ".crt"); }
  // All those certificates.
  static std::string Trusted() { return host_->Path("trusted.crt"); }
  static std::string Log(const std::string& name) { return ReadFile(host_->Path(name), 1 << 20).value_or(""); }

  // What curl is run with to ask `url` as the client with that key, by one version of TLS.
  static std::vector<std::string> Curl(const std::vector<std::string>& where, const std::string& version,
                                       const std::string& client, testing::Listed listed = testing::Listed::kLast) {
    std::vector<std::string> argv{
        "/usr/bin/env", Environment(listed), "curl",      "--silent", "--show-error", "--max-time",
        "20",           "--cacert",          Trusted(),   "--cert",   Cert(client),   "--key",
        Key(client),    "--tlsv" + version,  "--tls-max", version};
    argv.insert(argv.end(), where.begin(), where.end());
    return argv;
  }
  // What went wrong when it asked, or empty. A server answers "served", and the version if it knows.
  static std::string Ask(const std::vector<std::string>& where, const std::string& version, const std::string& client,
                         testing::Listed listed = testing::Listed::kLast) {
    const testing::ProgramResult result = testing::RunProgram(Curl(where, version, client, listed));
    if (result.exit_code != 0) return std::to_string(result.exit_code) + ": " + result.err;
    const bool served = result.out.starts_with("served TLSv" + version) || result.out == "served\n";
    return served ? "" : "said " + result.out;
  }

  // Handshakes of mutual TLS with a program whose key is `key`, while the agent is restarted and the token goes and
  // comes back. `handshake(version, client)` is one, from a client with that key; what went wrong, or empty.
  template <typename Handshake>
  static void ExpectItServes(const std::string& key, const Handshake& handshake,
                             const std::vector<std::string>& versions = {"1.2", "1.3"}) {
    for (const std::string& version : versions) {
      SCOPED_TRACE(fmt::format("{} TLS {}", key, version));
      for (int i = 0; i < 3; ++i) EXPECT_EQ(handshake(version, key), "");
      host_->KillAgent();
      host_->StartAgent();
      EXPECT_EQ(handshake(version, key), "") << "after the agent's restart";
      host_->TakeAway();
      // A client with a key of a file, so that it is the program's that is missing.
      EXPECT_TRUE(testing::Eventually([&] { return !handshake(version, kFile).empty(); }))
          << "without the token nobody is served";
      host_->GiveBack();
      std::string last;
      EXPECT_TRUE(testing::Eventually([&] { return (last = handshake(version, key)).empty(); })) << last;
    }
  }
};

}  // namespace rootkeep
