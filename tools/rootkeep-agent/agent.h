// The agent: its tokens, and the sockets on which it serves their keys.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/keysocket/server/server.h"
#include "signer/store/state_dir.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep-agent/certificate_threads.h"
#include "tools/rootkeep-agent/minder.h"

namespace rootkeep::agent {

class Agent {
 public:
  // Absent tokens are no error: their keys are served when they come. FAILED_PRECONDITION and others for a module that
  // cannot be loaded, a PIN source that is not safe, a catalogue that cannot be read, a socket that cannot be made.
  // `adopted` as Server::Start. `ask` makes who is asked for a certificate.
  using SourceMaker = std::function<std::unique_ptr<CertificateSource>(const CertificateConfig& config)>;
  static Result<std::unique_ptr<Agent>> Start(const AgentConfig& config, std::map<std::string, Fd> adopted,
                                              const SourceMaker& ask);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Finishes the calls under way.
  void Drain(std::chrono::milliseconds patience) { server_->Drain(patience); }

 private:
  explicit Agent(store::StateDir state) : state_(std::move(state)) {}

  // The tokens as they are served.
  [[nodiscard]] std::vector<keysocket::ServedToken> Tokens(const AgentConfig& config);
  [[nodiscard]] std::shared_ptr<KeyStore> Making(const config::Token& token);
  Status KeepCertificates(const AgentConfig& config, const SourceMaker& ask);

  const store::StateDir state_;
  const SystemClock clock_;
  LogReports reports_;
  KeyPermits permits_;
  std::optional<Hardware> hardware_;
  std::unique_ptr<KeyWatch> keys_;
  std::unique_ptr<Minder> minder_;
  std::unique_ptr<keysocket::Server> server_;
  std::string own_socket_;  // empty: none
  CertificateThreads certificates_;
};

}  // namespace rootkeep::agent
