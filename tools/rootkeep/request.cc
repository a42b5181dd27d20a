#include <memory>
#include <nlohmann/json.hpp>

#include "keystore/base/file.h"
#include "signer/client/token_file.h"
#include "tools/config/duration.h"
#include "tools/rootkeep/certificate_request.h"
#include "tools/rootkeep/chain_words.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_names.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/request_input.h"
#include "tools/rootkeep/tpm_key.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

struct Asked {
  std::string address;
  std::string root;
  std::string server_name;
  std::string token_file;
  std::string client_certificate;
  std::string key;  // a file with the private key of client_certificate; or the URI of one in the TPM, to certify
  TokenOptions tpm;
  std::string cluster_id;
  std::vector<std::string> names;
  std::string key_type = "ec-p256";
  std::string ttl;
  std::string impersonate;
  std::string csr;
  std::string out;
  std::uint32_t timeout = 10;
  bool no_retry = false;
  bool json = false;
};

bool IsInTpm(const std::string& key) { return key.starts_with("tpm2:"); }

Status CheckTpmKey(const Asked& asked) {
  if (!asked.client_certificate.empty()) {
    return UsageError("--key in the TPM is the key to certify: leave out --cert, the relay shows the node's");
  }
  if (!asked.csr.empty()) return UsageError("--csr is for a key of its own: leave it out, or --key");
  if (asked.token_file.empty()) {
    return UsageError("--key in the TPM needs --token-file: it says where the key is, the token says who asks");
  }
  return Ok();
}

Status CheckKey(const Asked& asked) {
  if (IsInTpm(asked.key)) return CheckTpmKey(asked);
  if (asked.client_certificate.empty() != asked.key.empty()) return UsageError("--cert and --key go together");
  const TokenOptions& tpm = asked.tpm;
  if (tpm.config.empty() && tpm.tpm.empty() && tpm.tcti.empty() && tpm.directory.empty()) return Ok();
  return UsageError("--config, --tpm, --tcti and --directory say where a --key tpm2:... is");
}

Result<IstioClientOptions> ClientOptions(const Asked& asked) {
  IstioClientOptions options;
  options.channel.address = asked.address;
  options.channel.server_name = asked.server_name;
  RK_RETURN_IF_ERROR(CheckAddress(asked.address));
  RK_TRY(options.channel.root_pem, ReadRoots(asked.root));
  if (!asked.client_certificate.empty()) {
    RK_TRY(options.channel.certificate_chain_pem, ReadFile(asked.client_certificate, kMaxFile));
    RK_TRY(options.channel.private_key_pem, ReadSecretFile(asked.key));
    RK_RETURN_IF_ERROR(CheckKeyPair(options.channel.certificate_chain_pem, options.channel.private_key_pem));
  }
  if (!asked.token_file.empty()) {
    RK_TRY(options.bearer_token, ReadTokenFile(asked.token_file));
  }
  options.cluster_id = asked.cluster_id;
  options.deadline = std::chrono::seconds(asked.timeout);
  if (asked.no_retry) options.retry.attempts = 1;
  return options;
}

Result<RequestPlan> PlanOf(const Asked& asked) {
  RK_RETURN_IF_ERROR(CheckUtf8("--impersonate", asked.impersonate));
  RequestPlan plan{.key_type = *KeyTypeFromName(asked.key_type), .impersonated = asked.impersonate};
  for (const std::string& name : asked.names) plan.names.push_back(GeneralNameFromText(name));
  if (!asked.ttl.empty()) {
    const auto ttl = config::ParseDuration(asked.ttl);
    if (!ttl) return UsageError("--ttl " + asked.ttl + ": want a duration such as 24h or 30m");
    plan.ttl_seconds = ttl->count();
  }
  if (!asked.csr.empty()) {
    RK_TRY(plan.csr_pem, ReadFile(asked.csr, kMaxFile));
    RK_RETURN_IF_ERROR(CheckUtf8(asked.csr, plan.csr_pem));
  }
  return plan;
}

nlohmann::ordered_json ToJson(const Asked& asked, const ObtainedCertificate& obtained,
                              const std::vector<CertificateFacts>& chain) {
  nlohmann::ordered_json json{{"request_id", obtained.request_id},
                              {"attempts", obtained.attempts},
                              {"certificates", ChainJson(chain, {})},
                              {"chain", obtained.chain_pem},
                              {"bundle", obtained.bundle_pem}};
  if (asked.out.empty() && !obtained.key_pem.empty()) json["key"] = AsText(obtained.key_pem.RevealForUse());
  return json;
}

Status Print(const Asked& asked, const ObtainedCertificate& obtained) {
  RK_TRY(const auto chain, ReadCertificates(obtained.chain_pem + obtained.bundle_pem));
  if (asked.json) {
    PrintJson(ToJson(asked, obtained, chain));
    return Ok();
  }
  for (const std::string& line : ChainWords(chain, {})) PrintLine(line);
  if (!asked.out.empty()) {
    PrintLine("written to " + asked.out);
    return Ok();
  }
  if (!obtained.key_pem.empty()) PrintLine(AsText(obtained.key_pem.RevealForUse()));
  PrintLine(obtained.chain_pem);
  PrintLine(obtained.bundle_pem);
  return Ok();
}

// Only an attested node's own connection makes evidence worth something, and the server tells its clients no reasons.
Error WithEvidence(Error error) {
  const bool judged = error.code() == Code::kPermissionDenied || error.code() == Code::kUnauthenticated;
  if (!judged) return error;
  std::string hint = error.hint() + (error.hint().empty() ? "" : "; ") +
                     "the key counts as attested over the relay of its own node's agent alone: is that --address?";
  return std::move(error).WithHint(std::move(hint));
}

Result<ObtainedCertificate> Ask(const Asked& asked) {
  RK_RETURN_IF_ERROR(CheckKey(asked));
  RK_TRY(RequestPlan plan, PlanOf(asked));
  RK_TRY(IstioClientOptions options, ClientOptions(asked));
  std::optional<TpmKey> key;
  if (IsInTpm(asked.key)) {
    RK_TRY(key, OpenTpmKey(asked.tpm, asked.key));
    plan.signer = key->signer.get();
    options.key_evidence = key->evidence;
  }
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  Result<ObtainedCertificate> obtained = Obtain(*client, plan);
  if (!obtained.ok() && key) return WithEvidence(std::move(obtained).error());
  return obtained;
}

Status RequestCertificate(const Asked& asked) {
  RK_TRY(const ObtainedCertificate obtained, Ask(asked));
  if (!asked.out.empty()) RK_RETURN_IF_ERROR(WriteCertificateFiles(obtained, asked.out));
  return Print(asked, obtained);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  options.Required("--address", asked->address, "The CA's host:port")
      .Required("--root", asked->root, "PEM file that the CA's own certificate must chain to")
      .Text("--server-name", asked->server_name, "Name its certificate must hold, when it is not the host")
      .Text("--token-file", asked->token_file, "Service account token, sent as istio-agent does")
      .Text("--cert", asked->client_certificate, "PEM client certificate with its chain, to ask with that identity")
      .Text("--key", asked->key,
            "Its private key, PEM (mode 0600); without --cert the key to certify, tpm2:..., in this node's TPM, with "
            "evidence that it is there: --address is then the relay of the node's agent")
      .Text("--cluster-id", asked->cluster_id, "Cluster of the token")
      .List("--san", asked->names, "A name for the request: spiffe://..., DNS name or address; may be repeated")
      .Choice("--key-type", asked->key_type, KeyTypeNames(), "What kind of key to make")
      .Text("--ttl", asked->ttl, "Lifetime to ask for, for example 24h; the server's default otherwise")
      .Text("--impersonate", asked->impersonate, "SPIFFE ID to ask for in another's name, as ztunnel does")
      .Text("--csr", asked->csr, "Send this file instead of a request for a fresh key")
      .Text("--out", asked->out, "Directory for key.pem, cert-chain.pem and root-cert.pem; printed otherwise")
      .Number("--timeout", asked->timeout, 1, 600, "Seconds to wait at most")
      .Flag("--no-retry", asked->no_retry, "Ask once, even if the server is away or has too much to do")
      .Flag("--json", asked->json, "Print JSON");
  DeclareTpmKeyOptions(options, asked->tpm);
  return [asked] { return RequestCertificate(*asked); };
}

}  // namespace

Command RequestCommand() {
  return {.group = "",
          .name = "request",
          .summary = "Ask a running CA for a certificate over the istio API",
          .example =
              "rootkeep request --address localhost:15012 --root root-cert.pem --token-file istio-token "
              "--san spiffe://cluster.local/ns/default/sa/web --out certs",
          .declare = Declare};
}

}  // namespace rootkeep::cli
