#include <fmt/format.h>

#include "keystore/base/file.h"
#include "tools/demo/scenes.h"
#include "tools/rootkeep/certificate_request.h"
#include "tools/rootkeep/chain_words.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::demo {
namespace {

constexpr std::chrono::seconds kPatience{10};

// Runs `openssl verify` and tells how it ended.
Status VerifyWithOpenssl(const Story& story, const cli::Sandbox& sandbox, const cli::ObtainedCertificate& obtained) {
  const std::string directory = sandbox.files().root + "/certs";
  RK_RETURN_IF_ERROR(cli::WriteCertificateFiles(obtained, directory));
  const std::string log = directory + "/openssl.log";
  RK_TRY(cli::Child openssl,
         cli::Child::Start({"/usr/bin/openssl", "verify", "-x509_strict", "-CAfile", directory + "/root-cert.pem",
                            "-untrusted", directory + "/cert-chain.pem", directory + "/cert-chain.pem"},
                           log));
  const bool ended = openssl.WaitEnded(kPatience);
  const int code = openssl.Stop(kPatience);
  RK_TRY(std::string said, ReadFile(log, 64 * 1024));
  if (!ended || code != 0) return FailedPrecondition("openssl verify: " + said);
  story.Tell("openssl verify -x509_strict: " + said.substr(said.rfind(": ") + 2, 2));
  return Ok();
}

}  // namespace

Status ShowCertificate(const Story& story, const cli::Sandbox& sandbox) {
  RK_TRY(SecretBytes token, sandbox.MintToken());
  RK_TRY(IstioClientOptions options, sandbox.ClientOptions(std::move(token)));
  RK_TRY(const auto client, IstioClient::Make(std::move(options)));
  story.Tell(fmt::format("asking as istio-agent does, with the service account token of {}/{} as authorization",
                         cli::kSandboxNamespace, cli::kSandboxServiceAccount));
  RK_TRY(const auto obtained,
         cli::Obtain(*client, {.key_type = KeyType::kRsa2048, .names = {GeneralNameFromText(cli::kSandboxIdentity)}}));
  story.Tell(fmt::format("issued, request id {}:", obtained.request_id));
  RK_TRY(const auto chain, cli::ReadCertificates(obtained.chain_pem + obtained.bundle_pem));
  story.Detail(cli::ChainWords(chain, sandbox.keys()));
  return VerifyWithOpenssl(story, sandbox, obtained);
}

}  // namespace rootkeep::demo
