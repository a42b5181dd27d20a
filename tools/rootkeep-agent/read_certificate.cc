#include "tools/rootkeep-agent/read_certificate.h"

#include <fmt/format.h>

#include <algorithm>

#include "attestation/attester/ek_template.h"
#include "signer/spiffe_id.h"
#include "tools/config/address.h"
#include "tools/config/values.h"

namespace rootkeep::agent {
namespace {

using config::Section;

void ReadKey(const v1::CertificateKey& file, const Section& section, const AgentConfig& config,
             CertificateConfig& out) {
  if (out.attestation) out.key.use = KeyUse::kNode;
  if (file.use() != v1::KEY_USE_UNSPECIFIED) out.key.use = static_cast<KeyUse>(file.use() - 1);
  if (out.key.use != KeyUse::kApp && out.key.use != KeyUse::kNode) {
    section.Complain("use", "is not \"node\" or \"app\"");
  }
  if (file.type() != v1::KEY_TYPE_UNSPECIFIED) out.key.type = static_cast<KeyType>(file.type() - 1);
  out.key.name = file.name().empty() ? out.name : file.name();
  if (!KeyLabel(out.key).ok()) section.Complain("name", "is not the name of a key");
  out.token = config::Reference(section, "token", file.token(), config::NamesOf(config.tokens), "token");
  const auto token = std::ranges::find(config.tokens, out.token, &config::Token::name);
  if (out.attestation && token != config.tokens.end() && !token->tpm) {
    section.Complain("token", "is no TPM, so nothing can attest that the key is in it");
  }
}

std::optional<AttestationConfig> ReadAttestation(const v1::Certificate& file, const Section& section) {
  if (!file.has_attestation()) return std::nullopt;
  const Section place = section.Child("attestation");
  AttestationConfig out;
  out.node_id = config::RequiredText(place, "node_id", file.attestation().node_id());
  constexpr std::size_t kLongestNodeId = 253;
  if (!out.node_id.empty() && (out.node_id.size() > kLongestNodeId || !IsPathSegment(out.node_id))) {
    place.Complain("node_id", "is not 1 to 253 of a-z, A-Z, 0-9, dot, dash and underscore");
  }
  out.endorsement_key = file.attestation().endorsement_key();
  if (const auto known = attestation::EkTemplatesNamed(out.endorsement_key); !known.ok()) {
    place.Complain("endorsement_key", known.error().ToString());
  }
  out.boot_log_file = config::OptionalPath(place, "boot_log_file", file.attestation().boot_log_file());
  out.ek_certificate_file =
      config::OptionalPath(place, "ek_certificate_file", file.attestation().ek_certificate_file());
  for (const char* field : {"token_file", "cluster_id", "identities", "lifetime"}) {
    if (section.Given(field)) section.Complain(field, "has no place beside an attestation");
  }
  return out;
}

std::string SocketPathOf(const Section& section, const std::string& name, const AgentConfig& config) {
  if (name.empty()) return {};
  config::Reference(section, "socket", name, config::NamesOf(config.sockets), "socket");
  const auto found = std::ranges::find(config.sockets, name, &SocketConfig::name);
  return found == config.sockets.end() ? std::string() : found->path;
}

void ReadKeyEvidence(const v1::Certificate& file, const Section& section, const AgentConfig& config,
                     CertificateConfig& out) {
  out.key_evidence = file.key_evidence();
  if (!out.key_evidence) return;
  if (out.attestation) section.Complain("key_evidence", "has no place beside an attestation, which says as much");
  const auto token = std::ranges::find(config.tokens, out.token, &config::Token::name);
  if (token != config.tokens.end() && !token->tpm) {
    section.Complain("key_evidence", "is for keys in a TPM, and the token is none");
  }
  if (out.token_file.empty())
    section.Complain("token_file", "is required with key_evidence: a certificate does not do");
}

void ReadIdentities(const v1::Certificate& file, const Section& section, CertificateConfig& out) {
  constexpr std::size_t kLongestUri = 2048;  // SPIFFE-ID §2.3
  for (const std::string& text : file.identities()) {
    const GeneralName name = GeneralNameFromText(text);
    const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
    const bool uri = name.kind == GeneralName::Kind::kUri && visible && text.size() <= kLongestUri;
    const bool dns = name.kind == GeneralName::Kind::kDns &&
                     config::IsDnsName(text.starts_with("*.") ? std::string_view(text).substr(2) : text);
    if (!uri && !dns && name.kind != GeneralName::Kind::kIp) {
      section.Complain("identities", fmt::format("\"{}\" is no SPIFFE ID, DNS name or address", text));
    }
    out.identities.push_back(name);
  }
}

void ReadFiles(const v1::Certificate& file, const Section& section, CertificateConfig& out) {
  out.chain_file = config::RequiredPath(section, "chain_file", file.chain_file());
  out.bundle_file = config::RequiredPath(section, "bundle_file", file.bundle_file());
  out.key_file = config::RequiredPath(section, "key_file", file.key_file());
  if (out.chain_file == out.bundle_file || out.chain_file == out.key_file || out.bundle_file == out.key_file) {
    section.Complain("chain_file", "bundle_file and key_file are three files");
  }
  out.owner = file.owner();
  out.group = file.group();
  out.mode = config::FileMode(section, "mode", file.mode(), out.mode);
}

void ReadReload(const v1::Certificate& file, const Section& section, CertificateConfig& out) {
  using std::chrono::seconds;
  out.reload = {file.reload().begin(), file.reload().end()};
  if (!out.reload.empty() && !out.reload.front().starts_with('/')) {
    section.Complain("reload", "does not start with the absolute path of a program");
  }
  out.reload_timeout = config::Duration(section, "reload_timeout", file.reload_timeout(), out.reload_timeout,
                                        {seconds(1), std::chrono::minutes(10)});
}

}  // namespace

CertificateConfig ReadCertificate(const v1::Certificate& file, const Section& section, const AgentConfig& config) {
  using std::chrono::seconds;
  CertificateConfig out;
  out.name = config::Name(section, "name", file.name());
  out.attestation = ReadAttestation(file, section);
  ReadKey(file.key(), section.Child("key"), config, out);
  out.address = config::RequiredText(section, "address", file.address());
  if (!config::IsTarget(out.address)) section.Complain("address", "is not host:port with a port of 1 to 65535");
  out.anchors_file = config::RequiredPath(section, "anchors_file", file.anchors_file());
  out.server_name = file.server_name();
  out.token_file = config::OptionalPath(section, "token_file", file.token_file());
  out.cluster_id = file.cluster_id();
  ReadKeyEvidence(file, section, config, out);
  ReadIdentities(file, section, out);
  out.lifetime =
      config::Duration(section, "lifetime", file.lifetime(), out.lifetime, {seconds(1), std::chrono::hours(24 * 3650)});
  ReadFiles(file, section, out);
  out.socket_path = SocketPathOf(section, file.socket(), config);
  ReadReload(file, section, out);
  return out;
}

}  // namespace rootkeep::agent
