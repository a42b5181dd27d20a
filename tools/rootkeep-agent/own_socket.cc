#include "tools/rootkeep-agent/own_socket.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>

#include "keystore/base/log.h"
#include "keystore/base/openssl.h"

namespace rootkeep::agent {
namespace {

bool IsShown(const CertificateConfig& certificate, const AgentConfig& config) {
  const bool proves_itself = certificate.attestation || certificate.key_evidence;
  return !proves_itself || (config.relay && config.relay->certificate == certificate.name);
}

}  // namespace

Status LoadOwnProvider(const std::string& module) {
  // Whatever OpenSSL's configuration names, or else the default provider, is there first, so that rootkeep.so is asked
  // for nothing but its own keys.
  EVP_MD_free(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  constexpr int kKeepFallbacks = 1;
  const std::string name = module.empty() ? "rootkeep" : module;
  if (OSSL_PROVIDER_try_load(nullptr, name.c_str(), kKeepFallbacks) != nullptr) return Ok();
  return ossl::TakeError(Code::kUnavailable, "OSSL_PROVIDER_try_load " + name)
      .WithHint("rootkeep.so is in the folder that openssl version -m names, or openssl_provider says where it is");
}

Result<keysocket::SocketOptions> OwnSocket(const AgentConfig& config) {
  keysocket::SocketOptions socket;
  socket.name = kOwnSocketName;
  socket.path = config.state_directory + "/keys";
  if (socket.path.size() >= sizeof sockaddr_un::sun_path) {
    return InvalidArgument(fmt::format("{} is longer than the 107 octets of a socket's path", socket.path));
  }
  keysocket::Grant own{.users = {geteuid()}, .groups = {}, .keys = {}, .may_create = false};
  for (const CertificateConfig& certificate : config.certificates) {
    if (!IsShown(certificate, config)) continue;
    own.keys.push_back({.token = certificate.token, .use = certificate.key.use, .name = certificate.key.name});
  }
  socket.grants.push_back(std::move(own));
  return socket;
}

Result<std::optional<keysocket::SocketOptions>> PrepareOwnSocket(const AgentConfig& config) {
  const bool shown =
      std::ranges::any_of(config.certificates, [&](const auto& entry) { return IsShown(entry, config); });
  if (!shown) return std::nullopt;
  auto socket = OwnSocket(config);
  Status ready = socket.ok() ? LoadOwnProvider(config.openssl_provider) : Status(socket.error());
  if (ready.ok()) return std::optional(*std::move(socket));
  if (config.relay) return std::move(ready).error().Within("relay");
  log::Warning("certificates_by_token_only",
               {{"detail", ready.error().ToString()}, {"meaning", "certificates are renewed with a token only"}});
  return std::nullopt;
}

}  // namespace rootkeep::agent
