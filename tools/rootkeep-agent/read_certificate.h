// One certificate of the configuration: from a filled message to a validated struct. Private to this folder.
#pragma once

#include "proto/rootkeep/agent/v1/agent.pb.h"
#include "tools/config/section.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {

// `config` holds the tokens and sockets.
CertificateConfig ReadCertificate(const v1::Certificate& file, const config::Section& section,
                                  const AgentConfig& config);

}  // namespace rootkeep::agent
