#include "tools/rootkeep-agent/agent_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "keystore/base/file.h"
#include "keystore/pkcs11/uri.h"
#include "keystore/tpm2/uri.h"
#include "tools/config/address.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"
#include "tools/config/yaml_to_proto.h"
#include "tools/config/yaml_tree.h"
#include "tools/rootkeep-agent/read_certificate.h"
#include "tools/rootkeep-agent/read_relay.h"

namespace rootkeep::agent {
namespace {

using config::Section;
using keysocket::KeyPattern;

constexpr std::size_t kMostReplacedKeys = 1000;

// What a KeySpec may be called, or a beginning of it with "*" behind.
std::string NameOf(const Section& section, const std::string& value) {
  const bool open = value.ends_with('*');
  const std::string fixed = value.substr(0, value.size() - (open ? 1 : 0));
  const bool fits = fixed.empty() ? open : KeyLabel({.name = fixed}).ok();
  if (!fits) section.Complain("name", "is neither the name of a key, nor a beginning with \"*\" behind, nor \"*\"");
  return value;
}

KeyUse UseOf(const Section& section, v1::KeyUse use) {
  if (use != v1::KEY_USE_UNSPECIFIED) return static_cast<KeyUse>(use - 1);
  section.Complain("use", "is required");
  return KeyUse::kApp;
}

// Not shown when it is wrong: it may hold a PIN.
KeyUri UriOf(const Section& section, const std::string& value) {
  auto uri = value.starts_with("tpm2:") ? tpm2::ParseUri(value) : pkcs11::ParseUri(value);
  if (!uri.ok()) {
    section.Complain("uri", uri.error().ToString());
    return {};
  }
  if (!uri->pin_source.empty()) section.Complain("uri", "says where a PIN is; that is the token's pin_source");
  if (uri->object_label.empty() && uri->object_id.empty())
    section.Complain("uri", "names no key: it needs object or id");
  if (ParseKeyLabel(uri->object_label))
    section.Complain("uri", "has a label of Rootkeep's, which says the use already");
  return *std::move(uri);
}

NamedKeyConfig ReadNamedKey(const v1::NamedKey& file, const Section& section,
                            const std::vector<config::Token>& tokens) {
  NamedKeyConfig key;
  key.name = file.name();
  if (!KeyLabel({.name = key.name}).ok()) section.Complain("name", "is not the name of a key");
  key.use = UseOf(section, file.use());
  if (key.use == KeyUse::kRootkeepCa || key.use == KeyUse::kLog) {
    section.Complain("use", "is for keys that Rootkeep made: their label says so for good");
  }
  key.uri = UriOf(section, file.uri());
  key.token = config::Reference(section, "token", file.token(), config::NamesOf(tokens), "token");
  const auto token = std::ranges::find(tokens, key.token, &config::Token::name);
  if (token != tokens.end() && token->tpm.has_value() != (key.uri.scheme == UriScheme::kTpm2)) {
    section.Complain("uri", token->tpm ? "is no tpm2: URI, and the token is a TPM" : "is a tpm2: URI, and no TPM's");
  }
  return key;
}

KeyPattern ReadPattern(const v1::KeyPattern& file, const Section& section, const std::vector<std::string>& tokens) {
  KeyPattern pattern;
  pattern.use = UseOf(section, file.use());
  pattern.name = NameOf(section, file.name());
  if (!file.token().empty()) pattern.token = config::Reference(section, "token", file.token(), tokens, "token");
  return pattern;
}

GrantConfig ReadGrant(const v1::Grant& file, const Section& section, const std::vector<std::string>& tokens) {
  GrantConfig grant;
  grant.users = {file.users().begin(), file.users().end()};
  grant.groups = {file.groups().begin(), file.groups().end()};
  for (const auto* names : {&grant.users, &grant.groups}) {
    const bool blank = std::ranges::find(*names, "") != names->end();
    if (blank) section.Complain(names == &grant.users ? "users" : "groups", "has an empty name");
  }
  grant.keys = config::ReadList(
      section, "keys", file.keys(),
      [&tokens](const v1::KeyPattern& item, const Section& place) { return ReadPattern(item, place, tokens); });
  if (grant.keys.empty()) section.Complain("keys", "is required: at least one");
  grant.may_create = file.may_create();
  return grant;
}

SocketConfig ReadSocket(const v1::KeySocket& file, const Section& section, const std::vector<std::string>& tokens) {
  SocketConfig socket;
  socket.name = config::Name(section, "name", file.name());
  socket.path = config::SocketPath(section, "path", file.path());
  socket.owner = file.owner();
  socket.group = file.group();
  socket.mode = config::FileMode(section, "mode", file.mode(), socket.mode);
  socket.ca_service = file.ca_service();
  socket.grants = config::ReadList(
      section, "grants", file.grants(),
      [&tokens](const v1::Grant& item, const Section& place) { return ReadGrant(item, place, tokens); });
  if (socket.grants.empty()) section.Complain("grants", "is required: at least one");
  return socket;
}

config::Operations ReadOperations(const v1::Operations& file, const Section& section) {
  const Status status = config::CheckAddress(file.address(), config::AddressRule::kAny);
  if (!status.ok()) section.Complain("address", status.error().ToString());
  return {file.address()};
}

ReplacedKeysPolicy ReadReplacedKeys(const v1::ReplacedKeys& file, const Section& section) {
  ReplacedKeysPolicy policy;
  policy.grace = config::Duration(section, "grace", file.grace(), policy.grace,
                                  {std::chrono::hours(24), std::chrono::hours(24 * 3650)});
  if (!section.Given("keep")) return policy;
  policy.keep = file.keep();
  if (policy.keep < ReplacedKeysPolicy::kFewest || policy.keep > kMostReplacedKeys) {
    section.Complain("keep", fmt::format("is not {} to {}", ReplacedKeysPolicy::kFewest, kMostReplacedKeys));
  }
  return policy;
}

// Each has a thread of its own, and would take away what another has begun to write.
void CheckFilesDiffer(const Section& section, const std::vector<CertificateConfig>& certificates) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < certificates.size(); ++i) {
    const CertificateConfig& own = certificates[i];
    const Section place = section.Child("certificates", i);
    const std::pair<const char*, const std::string*> files[] = {
        {"chain_file", &own.chain_file}, {"bundle_file", &own.bundle_file}, {"key_file", &own.key_file}};
    for (const auto& [field, path] : files) {
      if (taken.contains(*path)) place.Complain(field, *path + " is a file of another certificate");
    }
    for (const auto& [field, path] : files) taken.insert(*path);
  }
}

AgentConfig ReadTyped(const v1::AgentConfig& file, const Section& section) {
  AgentConfig out;
  if (file.version() != kAgentConfigVersion) {
    section.Complain("version", fmt::format("is required: {}", kAgentConfigVersion));
  }
  if (section.Given("state_directory")) {
    out.state_directory = config::RequiredPath(section, "state_directory", file.state_directory());
  }
  out.token_host = config::OptionalPath(section, "token_host", file.token_host());
  out.openssl_provider = config::OptionalPath(section, "openssl_provider", file.openssl_provider());
  const bool required = file.tpms().empty();
  out.modules = config::ReadModules(file.modules(), section, required);
  out.tokens = config::ReadTokens(file.tokens(), section, out.modules, required);
  config::AddTpms(file.tpms(), section, out.state_directory + "/tpms", out.tokens);
  const auto tokens = config::NamesOf(out.tokens);
  out.keys = config::ReadList(section, "keys", file.keys(), [&out](const v1::NamedKey& item, const Section& place) {
    return ReadNamedKey(item, place, out.tokens);
  });
  config::CheckUnique(section, "keys", "name", config::NamesOf(out.keys));
  out.sockets = config::ReadList(
      section, "sockets", file.sockets(),
      [&tokens](const v1::KeySocket& item, const Section& place) { return ReadSocket(item, place, tokens); });
  config::CheckUnique(section, "sockets", "name", config::NamesOf(out.sockets));
  config::CheckUnique(section, "sockets", "path", config::Each(out.sockets, &SocketConfig::path));
  if (out.sockets.empty()) section.Complain("sockets", "is required: at least one");
  out.certificates = config::ReadList(
      section, "certificates", file.certificates(),
      [&out](const v1::Certificate& item, const Section& place) { return ReadCertificate(item, place, out); });
  config::CheckUnique(section, "certificates", "name", config::NamesOf(out.certificates));
  CheckFilesDiffer(section, out.certificates);
  if (section.Given("relay")) out.relay = ReadRelay(file.relay(), section.Child("relay"), out);
  out.operations = config::ReadList(section, "operations", file.operations(), ReadOperations);
  config::CheckUnique(section, "operations", "address", config::Each(out.operations, &config::Operations::address));
  out.replaced_keys = ReadReplacedKeys(file.replaced_keys(), section.Child("replaced_keys"));
  out.drain =
      config::Duration(section, "drain", file.drain(), out.drain, {std::chrono::seconds(0), std::chrono::minutes(5)});
  out.log = config::ReadLog(file.log(), section.Child("log"));
  return out;
}

}  // namespace

std::optional<AgentConfig> ParseAgentConfig(std::string_view text, config::Problems& problems) {
  const auto root = config::ParseYaml(text, problems);
  if (!root) return std::nullopt;
  v1::AgentConfig file;
  config::Positions positions;
  config::Problems structural;
  config::YamlToProto(*root, file, positions, structural);
  const Section section(positions, problems, "");
  if (file.version() > kAgentConfigVersion) {
    // What a newer version means by its keys is not for this one to judge.
    section.Complain("version", fmt::format("{} is newer than this program, which reads version {}", file.version(),
                                            kAgentConfigVersion));
    return std::nullopt;
  }
  problems = std::move(structural);
  AgentConfig out = ReadTyped(file, section);
  if (!problems.empty()) return std::nullopt;
  return out;
}

Result<AgentConfig> LoadAgentConfig(const std::string& path) {
  RK_TRY(const std::string text, ReadGuardedFile(path, config::kMaxYamlText));
  config::Problems problems;
  auto out = ParseAgentConfig(text, problems);
  if (!out) return InvalidArgument(config::DescribeProblems(path, problems)).WithReason("config");
  return *std::move(out);
}

}  // namespace rootkeep::agent
