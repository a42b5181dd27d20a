// One certificate of the configuration: from a filled message to a validated struct. Private to this folder.
#pragma once

#include "proto/rootkeep/agent/v1/agent.pb.h"
#include "tools/config/section.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {

// `config` holds the tokens and sockets.
CertificateConfig ReadCertificate(const v1::Certificate& file, const config::Section& section,
                                  const AgentConfig& config);

// Of a file, in octal and in quotes, at most 0666; `fallback` when not given.
mode_t ModeOf(const config::Section& section, const std::string& text, mode_t fallback);

}  // namespace rootkeep::agent
