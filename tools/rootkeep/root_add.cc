#include <memory>

#include "keystore/base/file.h"
#include "signer/authority/certificates.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = std::size_t{64} * 1024;

struct Asked {
  TrustOptionsGiven trust;
  std::string file;
};

Result<Bytes> ReadOneRoot(const std::string& path) {
  RK_TRY(const std::string pem, ReadFile(path, kMaxFile));
  RK_TRY(const auto certificates, ReadCertificates(pem));
  if (certificates.size() != 1) return InvalidArgument(path + " holds more than one certificate");
  return CertificateDer(certificates.front().certificate.get());
}

Status Add(const Asked& asked) {
  v1::AddRootRequest request;
  RK_TRY(const Bytes certificate, ReadOneRoot(asked.file));
  request.set_certificate(std::string(AsText(certificate)));
  request.set_reason(asked.trust.reason);
  RK_TRY(const auto client, ConnectToTrust(asked.trust));
  RK_TRY(const v1::RootList roots, client->Add(request, After(kTrustDeadline)));
  return Report(roots, asked.trust.json);
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTrustChange(options, asked->trust);
  options.Argument("file", asked->file, "PEM: the root's certificate");
  return [asked] { return Add(*asked); };
}

}  // namespace

Command RootAddCommand() {
  return {.group = "root",
          .name = "add",
          .summary = "Have clients trust one more root; the first step of replacing one",
          .example = "rootkeep root add --socket /run/rootkeep/officer.sock new-root.pem --reason \"yearly rotation\"",
          .declare = Declare};
}

}  // namespace rootkeep::cli
