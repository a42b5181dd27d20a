#include "tools/config/certificate_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string_view>

#include "attestation/verifier/ek_crl.h"
#include "keystore/base/file.h"
#include "signer/authority/certificates.h"
#include "signer/der/pem.h"

namespace rootkeep::config {
namespace {

constexpr std::size_t kMaxPem = std::size_t{1} << 20;
constexpr std::size_t kMaxList = 2 * attestation::EkCrls::kMaxCrlSize;  // PEM takes a third more
constexpr std::size_t kMaxFiles = 1000;

// The file itself, or those of a directory that end in one of these, in the order of their names.
Result<std::vector<std::string>> FilesOf(const std::string& path, std::initializer_list<std::string_view> endings) {
  std::error_code failed;
  if (!std::filesystem::is_directory(path, failed)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator entry(path, failed), end; !failed && entry != end; entry.increment(failed)) {
    const std::string ending = entry->path().extension();
    if (std::ranges::find(endings, ending) != endings.end()) files.push_back(entry->path());
    if (files.size() > kMaxFiles) return InvalidArgument(fmt::format("{} holds more than {} files", path, kMaxFiles));
  }
  if (failed) return ErrnoError("list " + path, failed.value());
  std::ranges::sort(files);
  return files;
}

}  // namespace

Result<std::vector<Bytes>> ReadCertificates(const std::string& path) {
  std::vector<Bytes> out;
  RK_TRY(const auto files, FilesOf(path, {".pem"}));
  for (const std::string& file : files) {
    RK_TRY(const std::string pem, ReadGuardedFile(file, kMaxPem));
    auto certificates = ParseCertificates(pem);
    if (!certificates.ok()) return std::move(certificates).error().Within(file);
    for (const ossl::Cert& certificate : *certificates) {
      out.push_back(CertificateDer(certificate.get()));
    }
  }
  if (out.empty()) return InvalidArgument(path + " holds no certificate");
  return out;
}

Result<std::vector<Bytes>> ReadRevocationLists(const std::string& path) {
  constexpr std::string_view kBegin = "-----BEGIN X509 CRL-----";
  std::vector<Bytes> out;
  RK_TRY(const auto files, FilesOf(path, {".crl", ".pem"}));
  for (const std::string& file : files) {
    RK_TRY(const std::string content, ReadGuardedFile(file, kMaxList));
    std::size_t at = content.find(kBegin);
    if (at == std::string::npos) out.push_back(ToBytes(AsBytes(content)));
    for (; at != std::string::npos; at = content.find(kBegin, at + kBegin.size())) {
      auto block = der::FirstPemBlock(std::string_view(content).substr(at));
      if (!block.ok()) return std::move(block).error().Within(file);
      out.push_back(*std::move(block));
    }
  }
  if (out.empty()) return InvalidArgument(path + " holds no revocation list");
  return out;
}

}  // namespace rootkeep::config
