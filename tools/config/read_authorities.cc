#include <fmt/format.h>

#include <algorithm>

#include "signer/spiffe_id.h"
#include "tools/config/duration.h"
#include "tools/config/key_uri.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

CustodyLevel CustodyOf(v1::Custody custody) {
  return custody == v1::CUSTODY_HSM_BACKUP ? CustodyLevel::kHsmBackup : CustodyLevel::kLocalOnly;
}

// Never shown: it may hold a PIN by mistake.
std::string KeyUriText(const Section& section, const std::string& value, bool behind_socket) {
  if (value.empty()) return value;
  const Result<KeyUri> uri = ParseKeyUri(value);
  if (!uri.ok()) {
    section.Complain("key", uri.error().ToString());
  } else if (uri->scheme == UriScheme::kKeySocket && !behind_socket) {
    section.Complain("key", "names a key behind a key socket, and its token is none");
  } else if (!uri->pin_source.empty()) {
    section.Complain("key", "says where a PIN is; that is the token's pin_source");
  }
  return value;
}

Authority ReadAuthority(const v1::Authority& file, const Section& section, const Config& config) {
  Authority out;
  out.name = Name(section, "name", file.name());
  out.trust_domain = Reference(section, "trust_domain", file.trust_domain(), config.trust_domains, "trust domain");
  const std::vector<std::string> sockets = NamesOf(config.key_sockets);
  std::vector<std::string> sources = NamesOf(config.tokens);
  sources.insert(sources.end(), sockets.begin(), sockets.end());
  out.token = Reference(section, "token", file.token(), sources, sockets.empty() ? "token" : "token or key socket");
  out.behind_socket = std::ranges::find(sockets, out.token) != sockets.end();
  out.key = KeyUriText(section, file.key(), out.behind_socket);
  out.chain_file = OptionalPath(section, "chain_file", file.chain_file());
  out.bundle_file = OptionalPath(section, "bundle_file", file.bundle_file());
  if (out.chain_file.empty() != out.bundle_file.empty()) {
    section.Complain(out.chain_file.empty() ? "chain_file" : "bundle_file", "is required when the other is given");
  }
  out.extra_chain_file = OptionalPath(section, "extra_chain_file", file.extra_chain_file());
  out.extra_anchors_file = OptionalPath(section, "extra_anchors_file", file.extra_anchors_file());
  out.client_anchors_file = OptionalPath(section, "client_anchors_file", file.client_anchors_file());
  out.custody = CustodyOf(file.custody());
  out.lifetimes = ReadLifetimes(file.lifetimes(), section.Child("lifetimes"), {});
  return out;
}

std::string ReadTrustDomain(const v1::TrustDomain& file, const Section& section) {
  if (!IsTrustDomain(file.name()))
    section.Complain("name", "is not a trust domain: a-z, 0-9, dot, dash and underscore");
  return file.name();
}

}  // namespace

void ReadAuthorities(const v1::Config& file, const Section& section, Config& config) {
  config.trust_domains = ReadList(section, "trust_domains", file.trust_domains(), ReadTrustDomain);
  CheckUnique(section, "trust_domains", "name", config.trust_domains);
  if (config.trust_domains.empty()) section.Complain("trust_domains", "is required: at least one");

  config.authorities =
      ReadList(section, "authorities", file.authorities(),
               [&](const v1::Authority& item, const Section& place) { return ReadAuthority(item, place, config); });
  CheckUnique(section, "authorities", "name", NamesOf(config.authorities));
  if (config.authorities.empty()) section.Complain("authorities", "is required: at least one");
}

}  // namespace rootkeep::config
