// rootkeepd's configuration, validated and with every default in place. The fields are explained where they are
// declared: proto/rootkeep/config/v1/config.proto.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/log.h"
#include "keystore/key_spec.h"
#include "signer/general_name.h"
#include "signer/policy/api_caller.h"
#include "signer/policy/identity_pattern.h"
#include "signer/policy/policy.h"
#include "signer/policy/requirement.h"
#include "signer/profile/profile.h"
#include "tools/config/attestation.h"

namespace rootkeep::config {

struct Listener {
  std::string name = "istio";
  std::string address = "127.0.0.1:15012";
  std::vector<GeneralName> server_names;  // DNS and IP; the ones that are always there come first

  friend bool operator==(const Listener&, const Listener&) = default;
};

struct Operations {
  std::string address = "127.0.0.1:15014";

  friend bool operator==(const Operations&, const Operations&) = default;
};

struct Health {
  std::string address = "127.0.0.1:15016";  // or "unix:/path"

  friend bool operator==(const Health&, const Health&) = default;
};

struct Module {
  std::string name;
  std::string path;
  std::vector<std::pair<std::string, std::string>> environment;

  friend bool operator==(const Module&, const Module&) = default;
};

enum class Isolation : std::uint8_t { kNone, kProcess, kProcessWithNetwork };

enum class TpmSession : std::uint8_t { kPassword, kSalted };

struct Tpm {
  std::string tcti;
  std::string directory;
  std::string turn_file;
  std::optional<TpmSession> session;  // nothing: as the TCTI suggests
  bool empty_auth = false;

  friend bool operator==(const Tpm&, const Tpm&) = default;
};

// In a module, or a TPM.
struct Token {
  std::string name;
  std::string module;
  std::string label;  // this or the serial number, or both
  std::string serial;
  std::string pin_source;
  std::uint32_t max_sessions = 16;
  Isolation isolation = Isolation::kNone;
  std::optional<Tpm> tpm = {};  // then its label is its name, and the rest means nothing

  friend bool operator==(const Token&, const Token&) = default;
};

// Keys that an agent serves.
struct KeySocketSource {
  std::string name;
  std::string path;

  friend bool operator==(const KeySocketSource&, const KeySocketSource&) = default;
};

struct Authority {
  std::string name;
  std::string trust_domain;
  std::string token;  // or a key socket's name
  bool behind_socket = false;
  std::string key;         // URI; empty: the one in the authority's directory
  std::string chain_file;  // empty, as bundle_file: the files in the authority's directory
  std::string bundle_file;
  std::string extra_chain_file;     // empty: none
  std::string extra_anchors_file;   // empty: none
  std::string client_anchors_file;  // empty: none
  CustodyLevel custody = CustodyLevel::kLocalOnly;
  LifetimeRules lifetimes;

  friend bool operator==(const Authority&, const Authority&) = default;
};

struct Jwks {
  std::string file;  // this or the URL
  std::string url;
  std::string ca_file;            // empty: the system's
  std::string bearer_token_file;  // empty: none
  std::chrono::seconds refresh = std::chrono::minutes(5);

  friend bool operator==(const Jwks&, const Jwks&) = default;
};

struct TokenIssuer {
  std::string name;
  std::string issuer;
  std::vector<std::string> audiences;
  std::string cluster = "Kubernetes";
  std::vector<std::string> cluster_aliases;
  std::string trust_domain;
  std::vector<std::string> namespaces;  // exact names, or "*"
  bool shared_namespaces = false;
  Jwks jwks;
  std::chrono::seconds clock_skew{5};

  friend bool operator==(const TokenIssuer&, const TokenIssuer&) = default;
};

struct ImpersonationRule {
  std::string name;
  std::vector<IdentityPattern> callers;
  std::vector<IdentityPattern> targets;
  std::string placement;  // empty: unsafe_without_placement was said

  friend bool operator==(const ImpersonationRule&, const ImpersonationRule&) = default;
};

struct Placement {
  std::string name;
  std::string file;

  friend bool operator==(const Placement&, const Placement&) = default;
};

// The local socket of a caller of Rootkeep's own API.
struct CallerSocket {
  std::string path;
  std::string owner;  // empty, as the group: the daemon's own
  std::string group;
  mode_t mode = 0600;
  std::vector<std::string> users;  // whose processes are let in, by name or number

  friend bool operator==(const CallerSocket&, const CallerSocket&) = default;
};

struct ApiCaller {
  rootkeep::ApiCaller caller;
  std::optional<CallerSocket> socket;  // this, or the caller's SPIFFE ID

  friend bool operator==(const ApiCaller&, const ApiCaller&) = default;
};

struct Limits {
  std::chrono::seconds request_deadline{10};
  std::uint32_t max_in_flight = 4096;
  std::chrono::seconds retry_window{60};
  std::chrono::seconds drain{15};

  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Log {
  log::Level level = log::Level::kInfo;
  std::string file;  // empty: standard error

  friend bool operator==(const Log&, const Log&) = default;
};

struct Config {
  std::string state_directory = "/var/lib/rootkeep";
  std::string token_host;  // empty: what FindTokenHost finds
  bool production = false;
  std::vector<Listener> listeners;
  std::vector<Operations> operations;
  std::vector<Health> health;
  std::vector<Module> modules;
  std::vector<Token> tokens;
  std::vector<KeySocketSource> key_sockets;  // no name is a token's too
  std::vector<std::string> trust_domains;
  std::vector<Authority> authorities;
  std::vector<TokenIssuer> token_issuers;
  bool client_certificates = true;
  std::vector<ImpersonationRule> impersonation;
  std::vector<Placement> placements;
  std::vector<Requirement> requirements;
  std::vector<ApiCaller> api_callers;
  CsrSan csr_san = CsrSan::kIgnore;
  std::optional<Attestation> attestation;  // none: nodes cannot attest themselves
  Limits limits;
  Log log;

  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace rootkeep::config
