// A private CA in one directory: SoftHSM token, root and issuing key inside it, a test token issuer, a rootkeepd.
// `rootkeep dev` keeps one running, the demo plays with one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "signer/client/istio_client.h"
#include "tools/rootkeep/ca_ceremony.h"
#include "tools/rootkeep/sandbox/running_daemon.h"
#include "tools/rootkeep/sandbox/sandbox_config.h"
#include "tools/rootkeep/sandbox/sandbox_files.h"
#include "tools/rootkeep/sandbox/soft_token.h"
#include "tools/rootkeep/sandbox/test_issuer.h"

namespace rootkeep::cli {

// Whom the tokens in its files speak for.
inline constexpr char kSandboxNamespace[] = "demo";
inline constexpr char kSandboxServiceAccount[] = "web";
inline constexpr char kSandboxIdentity[] = "spiffe://cluster.local/ns/demo/sa/web";
inline constexpr std::chrono::hours kSandboxTokenLifetime{1};

class Sandbox {
 public:
  struct Options {
    std::string directory;  // private and absolute
    std::string module_path;
    std::string daemon_binary;
    std::uint32_t port = 0;
  };

  // Makes what is missing in the directory and takes what is there; `say` gets a line for each step.
  static Result<std::unique_ptr<Sandbox>> Make(Options options, const Narrator& say);

  // Starts rootkeepd and waits until it serves.
  Status Start(const Narrator& say);

  [[nodiscard]] const SandboxFiles& files() const { return files_; }
  [[nodiscard]] const SoftToken& token() const { return token_; }
  [[nodiscard]] const TestIssuer& issuer() const { return issuer_; }
  // The CA's keys as the token describes them.
  [[nodiscard]] const std::vector<KeyInfo>& keys() const { return keys_; }
  // Only after Start.
  [[nodiscard]] RunningDaemon& daemon() { return *daemon_; }

  // Writes fresh tokens, without a line break at their end, into their files.
  Status WriteTokens() const;

  // How istio-agent would connect, with this token.
  [[nodiscard]] Result<IstioClientOptions> ClientOptions(SecretBytes token) const;
  [[nodiscard]] Result<SecretBytes> MintToken() const;

 private:
  Sandbox(Options options, SoftToken token, TestIssuer issuer)
      : options_(std::move(options)),
        files_(options_.directory),
        token_(std::move(token)),
        issuer_(std::move(issuer)) {}

  // Through the key catalogue, which then has both keys.
  Status PrepareCa(const std::string& catalog_path, const Narrator& say);
  Status WriteFiles() const;

  const Options options_;
  const SandboxFiles files_;
  const SoftToken token_;
  const TestIssuer issuer_;
  std::vector<KeyInfo> keys_;
  std::string root_pem_;
  std::unique_ptr<RunningDaemon> daemon_;
};

}  // namespace rootkeep::cli
