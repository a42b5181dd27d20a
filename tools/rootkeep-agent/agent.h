// The agent: its tokens, and the sockets on which it serves their keys.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "keystore/keysocket/server/server.h"
#include "signer/ops/http_server.h"
#include "signer/store/state_dir.h"
#include "tools/hardware/shown_reports.h"
#include "tools/hardware/tpm_opener.h"
#include "tools/rootkeep-agent/agent_config.h"
#include "tools/rootkeep-agent/certificate_threads.h"
#include "tools/rootkeep-agent/foreign_ca_keys.h"
#include "tools/rootkeep-agent/minder.h"
#include "tools/rootkeep-agent/permit_watch.h"
#include "tools/rootkeep-agent/shown_certificates.h"
#include "tools/rootkeep-agent/shown_relay.h"

namespace rootkeep::agent {

class Agent {
 public:
  // What speaks gRPC: who is asked for a certificate, and the relay, which goes by `certificate`.
  struct Makers {
    std::function<std::unique_ptr<CertificateSource>(const CertificateConfig& config, const TpmOpener& tpms,
                                                     const std::stop_token& stop)>
        source;
    std::function<std::unique_ptr<CertificateUser>(const RelayConfig& config, const CertificateConfig& certificate,
                                                   ShownRelay& shown, const Clock& clock)>
        relay;
  };

  // Absent tokens are no error: their keys are served when they come. FAILED_PRECONDITION and others for a module that
  // cannot be loaded, a PIN source that is not safe, a catalogue that cannot be read, a socket that cannot be made;
  // UNAVAILABLE for an operations address that is taken, and for a relay without rootkeep.so. `adopted` as
  // Server::Start.
  static Result<std::unique_ptr<Agent>> Start(const AgentConfig& config, std::map<std::string, Fd> adopted,
                                              const Makers& make);
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Finishes the calls under way: each of the two gets this long.
  void Drain(std::chrono::milliseconds patience);

 private:
  Agent(const AgentConfig& config, store::StateDir state)
      : state_(std::move(state)),
        metrics_(config),
        permit_watch_(state_.key_catalog_path(), permits_),
        foreign_ca_keys_(state_.key_catalog_path(), config.replaced_keys, clock_) {}

  // The tokens as they are served.
  [[nodiscard]] std::vector<keysocket::ServedToken> Tokens(const AgentConfig& config);
  [[nodiscard]] std::shared_ptr<KeyStore> Making(const config::Token& token);
  Status OpenOperations(const AgentConfig& config);
  void MakeRelay(const AgentConfig& config, const Makers& make);
  Status KeepCertificates(const AgentConfig& config, const Makers& make);

  const store::StateDir state_;
  const SystemClock clock_;
  AgentMetrics metrics_;
  Readiness readiness_;
  ShownReports<AgentMetrics> reports_{readiness_, metrics_};
  ShownCertificates shown_certificates_{readiness_, metrics_};
  ShownRelay shown_relay_{readiness_, metrics_};
  KeyPermits permits_;
  PermitWatch permit_watch_;
  ForeignCaKeys foreign_ca_keys_;
  SpaceWatch space_{reports_, metrics_};
  TpmOpener tpms_;
  std::optional<Hardware> hardware_;
  std::unique_ptr<KeyWatch> keys_;
  std::unique_ptr<Minder> minder_;
  std::unique_ptr<keysocket::Server> server_;
  std::string own_socket_;  // empty: none
  std::vector<std::unique_ptr<HttpServer>> http_;
  std::unique_ptr<CertificateUser> relay_;  // null: none
  CertificateThreads certificates_;
};

}  // namespace rootkeep::agent
