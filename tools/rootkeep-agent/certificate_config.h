// The certificates of rootkeep-agent's configuration. The fields are explained where they are declared:
// proto/rootkeep/agent/v1/agent.proto.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "keystore/key_spec.h"
#include "signer/general_name.h"

namespace rootkeep::agent {

struct AttestationConfig {
  std::string node_id;
  std::string endorsement_key;      // empty: the first that has a certificate
  std::string boot_log_file;        // empty: the kernel's
  std::string ek_certificate_file;  // empty: the one in the TPM
};

struct CertificateConfig {
  std::string name;
  KeySpec key;  // its generation is found
  std::string token;
  std::string address;
  std::string anchors_file;
  std::string server_name;
  std::string token_file;
  std::string cluster_id;
  bool key_evidence = false;
  std::vector<GeneralName> identities;
  std::chrono::seconds lifetime{0};  // 0: the CA's
  std::string chain_file;
  std::string bundle_file;
  std::string key_file;
  std::string socket_path;  // empty: the configured one of whoever reads the key reference
  std::string owner;        // empty: the agent's own
  std::string group;
  mode_t mode = 0644;
  std::vector<std::string> reload;  // empty: none
  std::chrono::seconds reload_timeout{30};
  std::optional<AttestationConfig> attestation;  // in the place of a token
};

}  // namespace rootkeep::agent
