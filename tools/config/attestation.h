// The section `attestation` of rootkeepd's configuration, validated but for the files that it names. The fields are
// explained where they are declared: proto/rootkeep/config/v1/attestation.proto.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "attestation/verifier/boot_event_rules.h"
#include "signer/node/enrolment.h"
#include "signer/node/inventory.h"
#include "signer/node_id.h"
#include "signer/policy/node_names.h"

namespace rootkeep::config {

struct TpmManufacturer {
  std::string name;
  std::string roots;
  std::vector<std::string> ids;
  bool accept_expired = false;
  std::string crls;  // empty: revocation is not checked
  bool accept_stale_crls = false;

  friend bool operator==(const TpmManufacturer&, const TpmManufacturer&) = default;
};

enum class PcrBank : std::uint8_t { kSha256, kSha384, kSha512 };

struct PcrGeneration {
  std::string name;
  std::map<std::uint8_t, std::vector<Bytes>> pcrs;
  std::map<std::uint8_t, attestation::BootEventRules> events;  // of other PCRs
  std::vector<Bytes> states;

  friend bool operator==(const PcrGeneration&, const PcrGeneration&) = default;
};

struct NodeGroup {
  std::string name;
  PcrBank bank = PcrBank::kSha256;
  std::vector<std::uint8_t> pcrs;  // ascending, each once
  std::vector<PcrGeneration> generations;
  bool learn = false;
  bool boot_log = false;
  std::map<std::string, std::uint64_t> firmware;  // by manufacturer
  bool key_parent = false;
  std::vector<Bytes> key_policies;

  friend bool operator==(const NodeGroup&, const NodeGroup&) = default;
};

struct AttestationLimits {
  std::uint32_t per_address = 600;
  std::uint32_t per_address_burst = 300;
  std::uint32_t per_tpm = 12;
  std::uint32_t open = 256;

  friend bool operator==(const AttestationLimits&, const AttestationLimits&) = default;
};

struct Attestation {
  std::vector<NodeGroup> groups;  // at least one
  std::vector<TpmManufacturer> manufacturers;
  std::string intermediates;  // empty: none
  FirstEnrolment first_enrolment = FirstEnrolment::kDeny;
  std::string inventory_file;  // empty: none
  std::vector<InventoryEntry> nodes;
  std::chrono::seconds lifetime = std::chrono::hours(1);
  std::chrono::seconds answer_within{60};
  NodeUriTemplate node_uri;
  std::string authority;
  AttestationLimits limits;
  NodeNames server_names;

  friend bool operator==(const Attestation&, const Attestation&) = default;
};

}  // namespace rootkeep::config
