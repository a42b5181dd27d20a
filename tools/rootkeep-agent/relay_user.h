// The relay, which goes by the node's certificate.
#pragma once

#include "tools/relay/relay.h"
#include "tools/rootkeep-agent/certificate_config.h"
#include "tools/rootkeep-agent/certificate_user.h"
#include "tools/rootkeep-agent/relay_config.h"
#include "tools/rootkeep-agent/shown_relay.h"

namespace rootkeep::agent {

class RelayUser final : public CertificateUser {
 public:
  // Where `certificate` is had, calls are carried to. `shown` and `clock` outlive this.
  RelayUser(const RelayConfig& config, const CertificateConfig& certificate, ShownRelay& shown, const Clock& clock);

  // The CA's anchors are read anew each time, because they are replaced by others. Errors as ReadFile's and Relay::Use.
  Status Use(const ClientCertificate& certificate, WallTime not_after) override;
  void Drain(std::chrono::milliseconds patience) override { relay_.Drain(patience); }

 private:
  Status UseUntold(const ClientCertificate& certificate, WallTime not_after);

  const std::vector<std::string> addresses_;
  const std::string anchors_file_;
  ShownRelay& shown_;
  bool told_ = false;  // where it listens
  relay::Relay relay_;
};

}  // namespace rootkeep::agent
