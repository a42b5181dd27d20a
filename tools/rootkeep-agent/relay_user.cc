#include "tools/rootkeep-agent/relay_user.h"

#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "tools/config/address.h"

namespace rootkeep::agent {

RelayUser::RelayUser(const RelayConfig& config, const CertificateConfig& certificate, ShownRelay& shown,
                     const Clock& clock)
    : addresses_(config.addresses),
      anchors_file_(certificate.anchors_file),
      shown_(shown),
      relay_({.addresses = config.addresses,
              .clients = config.clients,
              .connections = config.connections,
              .ca = {.address = certificate.address, .server_name = certificate.server_name},
              .max_calls = config.max_calls,
              .longest = config.timeout},
             shown, clock) {
  shown_.Report("there is no certificate of the node's yet");
}

Status RelayUser::Use(const ClientCertificate& certificate, WallTime not_after) {
  Status used = UseUntold(certificate, not_after);
  shown_.Report(used.ok() ? "" : used.error().ToString());
  return used;
}

Status RelayUser::UseUntold(const ClientCertificate& certificate, WallTime not_after) {
  constexpr std::size_t kMaxAnchors = std::size_t{1} << 20;
  RK_TRY(std::string roots, ReadFile(anchors_file_, kMaxAnchors));
  RK_RETURN_IF_ERROR(relay_.Use({.chain_pem = certificate.chain_pem,
                                 .key_pem = certificate.key_reference,
                                 .ca_roots_pem = std::move(roots),
                                 .not_after = not_after}));
  if (std::exchange(told_, true)) return Ok();
  const std::vector<int> ports = relay_.ports();
  for (std::size_t i = 0; i < ports.size(); ++i) {
    log::Info("listening", {{"listener", "relay"}, {"address", config::BoundAddress(addresses_[i], ports[i])}});
  }
  return Ok();
}

}  // namespace rootkeep::agent
