#include "tools/rootkeep/sandbox/sandbox_config.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tools/rootkeep/sandbox/test_issuer.h"

namespace rootkeep::cli {
namespace {

// YAML reads JSON's strings.
std::string Quoted(const std::string& text) { return nlohmann::json(text).dump(); }

constexpr char kText[] = R"(# Written by rootkeep for a sandbox; overwritten at every start.
version: 1
state_directory: {state}
listeners:
  - name: istio
    address: "127.0.0.1:{port}"
operations:
  - address: "127.0.0.1:0"
health:
  - address: "127.0.0.1:0"
modules:
  - name: softhsm
    path: {module}
    environment:
      - name: SOFTHSM2_CONF
        value: {conf}
tokens:
  - name: sandbox
    module: softhsm
    label: {label}
    pin_source: {pin}
trust_domains:
  - name: {trust_domain}
authorities:
  - name: {authority}
    trust_domain: {trust_domain}
    token: sandbox
token_issuers:
  # A test token issuer: its private key is a file beside this one.
  - name: test-issuer
    issuer: {issuer}
    audiences: [{audience}]
    cluster: {cluster}
    trust_domain: {trust_domain}
    namespaces: ["*"]
    jwks:
      file: {jwks}
impersonation:
  - name: ztunnel
    callers:
      - spiffe_id: "spiffe://{trust_domain}/ns/istio-system/sa/ztunnel"
    targets:
      - trust_domain: {trust_domain}
        namespace: "*"
        service_account: "*"
    placement: nodes
placements:
  - name: nodes
    file: {placements}
)";

constexpr char kSpire[] = R"(api_callers:
  # A SPIRE server of the user who runs this.
  - name: spire
    trust_domain: {trust_domain}
    socket:
      path: {socket}
      users: ["{user}"]
    foreign_ca:
      path_length: 0
    watch_bundle: true
    publish_jwt_keys: true
)";

// None in a directory whose path leaves no room for a socket's name.
std::string ApiCallers(const SandboxFiles& files) {
  const std::string socket = files.spire_socket();
  if (socket.size() >= sizeof(sockaddr_un::sun_path)) return "";
  return fmt::format(kSpire, fmt::arg("trust_domain", kSandboxTrustDomain), fmt::arg("socket", Quoted(socket)),
                     fmt::arg("user", geteuid()));
}

}  // namespace

std::string SandboxConfig(const SandboxFiles& files, const SoftToken& token, std::uint32_t port) {
  return fmt::format(kText, fmt::arg("state", Quoted(files.state())), fmt::arg("port", port),
                     fmt::arg("module", Quoted(token.place().module.path)), fmt::arg("conf", Quoted(token.conf_file())),
                     fmt::arg("label", SoftToken::kLabel), fmt::arg("pin", Quoted("file:" + token.pin_file())),
                     fmt::arg("trust_domain", kSandboxTrustDomain), fmt::arg("authority", kSandboxAuthority),
                     fmt::arg("issuer", TestIssuer::kIssuer), fmt::arg("audience", TestIssuer::kAudience),
                     fmt::arg("cluster", TestIssuer::kCluster), fmt::arg("jwks", Quoted(files.jwks())),
                     fmt::arg("placements", Quoted(files.placements()))) +
         ApiCallers(files);
}

}  // namespace rootkeep::cli
