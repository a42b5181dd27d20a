#include "attestation/attester/ek_certificate_file.h"

#include <openssl/pem.h>

#include <string_view>

#include "attestation/attester/ek_certificate.h"
#include "attestation/wire/messages.h"
#include "attestation/wire/public_key.h"
#include "keystore/base/file.h"
#include "keystore/base/openssl.h"

namespace rootkeep::attestation {
namespace {

constexpr std::size_t kMaxCertificates = 1 + kMaxEkChain;
constexpr std::size_t kMaxFile = 2 * kMaxCertificates * kMaxCertificateSize;  // PEM takes a third more

Error Unread(const std::string& path, std::string_view why) {
  return InvalidArgument(path + " " + std::string(why)).WithReason("ek_certificate");
}

// Every certificate of the text; other blocks are left out.
std::vector<Bytes> ReadPem(const std::string& text) {
  const ossl::Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  std::vector<Bytes> out;
  while (ossl::Cert cert{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(cert.get(), &der);
    if (size <= 0) break;
    out.emplace_back(der, der + size);
    OPENSSL_free(der);
  }
  ossl::ClearErrors();
  return out;
}

}  // namespace

Result<std::vector<Bytes>> ReadEkCertificateFile(const std::string& path) {
  RK_TRY(const std::string content, ReadGuardedFile(path, kMaxFile));
  const bool pem = content.find("-----BEGIN ") != std::string::npos;
  std::vector<Bytes> certificates = pem ? ReadPem(content) : SplitCertificates(AsBytes(content), kMaxCertificates + 1);
  std::size_t octets = 0;
  for (const Bytes& each : certificates) octets += each.size();
  if (certificates.empty()) return Unread(path, "holds no certificate");
  if (!pem && octets != content.size()) return Unread(path, "holds more than certificates");
  if (certificates.size() > kMaxCertificates) return Unread(path, "holds too many certificates");
  return certificates;
}

Status UseEkCertificateFile(const std::string& path, Ek& ek) {
  RK_TRY(std::vector<Bytes> certificates, ReadEkCertificateFile(path));
  RK_TRY(const Bytes certified, SpkiOfCertificate(certificates.front()));
  RK_TRY(const Bytes spki, SpkiOf(ek.key.area));
  if (certified != spki) {
    return FailedPrecondition(path + " is for another endorsement key than this TPM's")
        .WithReason("ek_certificate")
        .WithHint("a TPM has several: name the one it is for (endorsement_key)");
  }
  ek.certificate = std::move(certificates.front());
  certificates.erase(certificates.begin());
  ek.chain = std::move(certificates);
  return Ok();
}

}  // namespace rootkeep::attestation
