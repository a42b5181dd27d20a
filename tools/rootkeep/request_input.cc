#include "tools/rootkeep/request_input.h"

#include <fmt/format.h>

#include "keystore/base/file.h"
#include "signer/der/reader.h"
#include "tools/config/address.h"
#include "tools/rootkeep/certificate_facts.h"
#include "tools/rootkeep/software_key.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kMaxFile = 1024 * 1024;

Error In(const std::string& name, const Error& error) { return Error(error.code(), name + ": " + error.message()); }

}  // namespace

Status CheckAddress(std::string_view address) {
  if (config::IsTarget(address)) return Ok();
  return UsageError(fmt::format("--address {}: want host:port with a port of 1 to 65535", address));
}

Status CheckUtf8(std::string_view what, std::string_view text) {
  if (der::IsUtf8(AsBytes(text))) return Ok();
  return InvalidArgument(fmt::format("{} is not UTF-8 text", what));
}

Result<std::string> ReadRoots(const std::string& path) {
  RK_TRY(std::string pem, ReadFile(path, kMaxFile));
  const auto certificates = ReadCertificates(pem);
  if (!certificates.ok()) return In(path, certificates.error());
  return pem;
}

Status CheckKeyPair(const std::string& chain_pem, const SecretBytes& key_pem) {
  const auto chain = ReadCertificates(chain_pem);
  if (!chain.ok()) return In("--cert", chain.error());
  const auto key = ParsePrivateKey(key_pem);
  if (!key.ok()) return In("--key", key.error());
  const EVP_PKEY* certified = X509_get0_pubkey(chain->front().certificate.get());
  if (certified != nullptr && EVP_PKEY_eq(certified, key->get()) == 1) return Ok();
  ossl::ClearErrors();
  return InvalidArgument("--key is not the key of the first certificate in --cert");
}

}  // namespace rootkeep::cli
