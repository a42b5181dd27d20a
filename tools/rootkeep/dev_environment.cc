#include "tools/rootkeep/dev_environment.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <ranges>

#include "tools/rootkeep/sandbox/sandbox.h"

namespace rootkeep::cli {
namespace {

std::string Export(const std::string& name, const std::string& value) {
  return fmt::format("export {}={}", name, ShellWord(value));
}

// The one pod that ztunnel has to know of, in the form of its local configuration: without xDS it asks for nobody else.
std::string Workloads() {
  const std::string pod = fmt::format("{}-0", kSandboxServiceAccount);
  const nlohmann::ordered_json workload = {
      {"uid", fmt::format("{}//Pod/{}/{}", TestIssuer::kCluster, kSandboxNamespace, pod)},
      {"name", pod},
      {"namespace", kSandboxNamespace},
      {"serviceAccount", kSandboxServiceAccount},
      {"trustDomain", kSandboxTrustDomain},
      {"node", kSandboxNode},
      {"protocol", "HBONE"},
      {"workloadIps", nlohmann::ordered_json::array({"127.0.0.1"})},
      {"services", nlohmann::ordered_json::object()}};
  return nlohmann::ordered_json{{"workloads", nlohmann::ordered_json::array({workload})}}.dump();
}

}  // namespace

std::string ShellWord(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,=@%+";
  if (text.empty() || text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) {
    if (c == '\'') {
      word += "'\\''";
    } else {
      word += c;
    }
  }
  return word + "'";
}

Result<std::string> ProgramName() {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  if (error) return ErrnoError("readlink /proc/self/exe", error.value());
  const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  for (const auto& part : std::views::split(std::string_view(path == nullptr ? "" : path), ':')) {
    const fs::path found = fs::path(std::string(part.begin(), part.end())) / "rootkeep";
    if (!fs::exists(found, error)) continue;
    // The first one is the one a shell takes.
    if (fs::equivalent(found, self, error)) return "rootkeep";
    break;
  }
  return self.string();
}

std::string SpirePlugin() {
  namespace fs = std::filesystem;
  constexpr const char* kName = "rootkeep-spire-upstreamauthority";
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  const fs::path built = here.parent_path().parent_path() / "providers/spire/upstreamauthority" / kName;
  return fs::is_regular_file(built, error) ? built.string() : (here / kName).string();
}

std::vector<std::string> DevEnvironment(const SandboxFiles& files, const DevPlaces& places) {
  const std::string& port = places.port;
  const std::string root = ShellWord(files.root_certificate());
  const std::string token = ShellWord(files.workload_token());
  const std::string csr = ShellWord(files.csr());
  return {
      "# ztunnel, as the proxy of one workload",
      Export("CA_ADDRESS", "https://127.0.0.1:" + port),
      Export("CA_ROOT_CA", files.root_certificate()),
      Export("AUTH_TOKEN", files.workload_token()),
      Export("CLUSTER_ID", TestIssuer::kCluster),
      "export PROXY_MODE=dedicated",
      fmt::format("export PROXY_WORKLOAD_INFO={}/{}-0/{}", kSandboxNamespace, kSandboxServiceAccount,
                  kSandboxServiceAccount),
      "export XDS_ADDRESS=",
      Export("LOCAL_XDS", Workloads()),
      "# ztunnel in shared mode asks in others' names: the rule \"ztunnel\" allows what the file \"placements\" places",
      "# on its node. For that, instead of PROXY_MODE and PROXY_WORKLOAD_INFO above:",
      fmt::format("# {} NODE_NAME={}", Export("AUTH_TOKEN", files.ztunnel_token()), kSandboxNode),
      "",
      "# istio-agent; it looks for its token below the directory it is started in",
      "cd " + ShellWord(files.root),
      Export("CA_ADDR", "localhost:" + port),
      Export("CA_ROOT_CA", files.root_certificate()),
      Export("ISTIO_META_CLUSTER_ID", TestIssuer::kCluster),
      Export("TRUST_DOMAIN", kSandboxTrustDomain),
      Export("POD_NAMESPACE", kSandboxNamespace),
      Export("SERVICE_ACCOUNT", kSandboxServiceAccount),
      Export("OUTPUT_CERTS", files.certificates()),
      "",
      "# any gRPC client: TLS with that root, metadata \"authorization: Bearer <token>\" and \"clusterid\", method",
      "# istio.v1.auth.IstioCertificateService/CreateCertificate; for example",
      fmt::format("{} request --address localhost:{} --root {} --token-file {} --san {}", ShellWord(places.program),
                  port, root, token, kSandboxIdentity),
      fmt::format("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj / -addext "
                  "subjectAltName=URI:{} -keyout {} -out {}",
                  kSandboxIdentity, ShellWord(files.certificates() + "/web.key"), csr),
      fmt::format("grpcurl -cacert {} -protoset {} -H \"authorization: Bearer $(cat {})\" "
                  "-d \"{{\\\"csr\\\": \\\"$(awk '{{printf \"%s\\\\n\", $0}}' {})\\\"}}\" localhost:{} "
                  "istio.v1.auth.IstioCertificateService/CreateCertificate",
                  root, ShellWord(files.protoset()), token, csr, port),
      "",
      fmt::format("# spire-server with trust_domain = \"{}\": in the section plugins of its configuration",
                  kSandboxTrustDomain),
      fmt::format("# UpstreamAuthority \"rootkeep\" {{ plugin_cmd = \"{}\" plugin_data {{ socket = \"{}\" }} }}",
                  places.spire_plugin, files.spire_socket()),
      "",
      "# whether it is ready, and its metrics",
      fmt::format("curl -s http://{0}/readyz http://{0}/metrics", places.operations),
  };
}

}  // namespace rootkeep::cli
