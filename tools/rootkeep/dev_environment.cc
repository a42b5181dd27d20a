#include "tools/rootkeep/dev_environment.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/rootkeep/sandbox/sandbox.h"

namespace rootkeep::cli {
namespace {

std::string Export(const std::string& name, const std::string& value) {
  return fmt::format("export {}={}", name, ShellWord(value));
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

std::vector<std::string> DevEnvironment(const SandboxFiles& files, const std::string& port) {
  const std::string root = ShellWord(files.root_certificate());
  const std::string token = ShellWord(files.workload_token());
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
      Export("OUTPUT_CERTS", files.root + "/certs"),
      "",
      "# any gRPC client: TLS with that root, metadata \"authorization: Bearer <token>\" and \"clusterid\", method",
      "# istio.v1.auth.IstioCertificateService/CreateCertificate of proto/istio/ca.proto; for example",
      fmt::format("rootkeep request --address localhost:{} --root {} --token-file {} --san {}", port, root, token,
                  kSandboxIdentity),
      fmt::format(
          "grpcurl -cacert {} -import-path . -proto proto/istio/ca.proto -H \"authorization: Bearer $(cat {})\" "
          "-d \"{{\\\"csr\\\": \\\"$(awk '{{printf \"%s\\\\n\", $0}}' web.csr)\\\"}}\" localhost:{} "
          "istio.v1.auth.IstioCertificateService/CreateCertificate",
          root, token, port),
  };
}

}  // namespace rootkeep::cli
