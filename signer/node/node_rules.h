// What an operator configured about nodes: immutable once made, replaced whole on reload.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "attestation/verifier/ek_trust.h"
#include "attestation/verifier/verdict.h"
#include "signer/node/enrolment.h"
#include "signer/node_id.h"

namespace rootkeep {

// Nodes that are judged alike.
struct NodeGroup {
  attestation::AttestationPolicy policy;
  std::string version;  // of the policy, for the record: the same for the same policy
  bool want_boot_log = false;
};

struct NodeRules {
  attestation::EkTrust manufacturers;
  Inventory inventory;
  FirstEnrolment first_enrolment = FirstEnrolment::kDeny;
  std::map<std::string, NodeGroup, std::less<>> groups;
  std::string default_group;  // one of them
  // How long evidence counts, and so the longest life of a certificate issued on it.
  std::chrono::seconds lifetime{std::chrono::hours(1)};
  std::chrono::seconds answer_within{60};  // from challenge to evidence
  NodeUriTemplate uri;
  std::string authority;     // by name, whose certificates nodes get
  std::string trust_domain;  // its
};

}  // namespace rootkeep
