#include "signer/bundle/root_certificate.h"

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <span>

#include "signer/authority/certificates.h"

namespace rootkeep {
namespace {

Error Unfit(std::string message) { return InvalidArgument(std::move(message)).WithReason("root_certificate"); }

// Hexadecimal digits alone, in lower case.
std::string Plain(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c != ':') out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

}  // namespace

Result<BundleRoot> ReadRoot(ByteView der) {
  if (der.size() > kMaxRootSize) {
    return InvalidArgument(fmt::format("a certificate of {} octets is longer than {}", der.size(), kMaxRootSize))
        .WithReason("certificates");
  }
  RK_TRY(const ossl::Cert certificate, ParseCertificateDer(der));
  RK_TRY(const Bytes digest, Digest(Hash::kSha256, der));
  BundleRoot root;
  root.certificate = ToBytes(der);
  root.subject_key_id = SubjectKeyIdOf(certificate.get());
  root.fingerprint = ToHex(digest);
  return root;
}

Result<std::vector<BundleRoot>> ReadRoots(std::string_view pem) {
  RK_TRY(const Certificates certificates, ParseCertificates(pem));
  std::vector<BundleRoot> roots;
  for (const ossl::Cert& certificate : certificates) {
    RK_TRY(BundleRoot root, ReadRoot(CertificateDer(certificate.get())));
    if (std::ranges::find(roots, root) == roots.end()) roots.push_back(std::move(root));
  }
  return roots;
}

Status CheckNewRoot(const BundleRoot& root, WallTime now) {
  RK_TRY(const ossl::Cert certificate, ParseCertificateDer(root.certificate));
  if (!MaySignCertificates(certificate.get())) return Unfit("it is not a CA certificate with keyCertSign");
  if (root.subject_key_id.empty()) {
    return Unfit("it has no SubjectKeyIdentifier, by which clients of the bundle tell roots apart");
  }
  if (now < NotBeforeOf(certificate.get())) return Unfit("it is not valid yet");
  if (now >= NotAfterOf(certificate.get())) return Unfit("it has expired");
  // OpenSSL judges no root's own signature while it verifies a chain, neither that it is right nor what made it.
  if (X509_self_signed(certificate.get(), 1) != 1) {
    ossl::ClearErrors();
    return Unfit("it is not signed by its own key");
  }
  RK_RETURN_IF_ERROR(PublicKeyOf(certificate.get()));
  int bits = 0;
  constexpr int kLeastBits = 112;
  if (X509_get_signature_info(certificate.get(), nullptr, nullptr, &bits, nullptr) != 1 || bits < kLeastBits) {
    return Unfit(fmt::format("its signature is worth {} bits, less than {}", bits, kLeastBits));
  }
  return CheckChain(certificate.get(), {}, std::span(&certificate, 1), now);
}

Status CheckDistinct(const BundleRoot& root, const std::vector<BundleRoot>& others) {
  for (const BundleRoot& other : others) {
    if (other.fingerprint == root.fingerprint || other.subject_key_id != root.subject_key_id) continue;
    return FailedPrecondition(root.subject_key_id.empty()
                                  ? fmt::format("neither root {} nor root {} has a SubjectKeyIdentifier",
                                                root.fingerprint, other.fingerprint)
                                  : fmt::format("roots {} and {} have the same SubjectKeyIdentifier, {}",
                                                root.fingerprint, other.fingerprint, ToHex(root.subject_key_id)))
        .WithReason("root_key_id")
        .WithHint("SPIRE tells roots apart by it; rootkeep root remove takes the one that is not needed");
  }
  return Ok();
}

bool IsNamed(const BundleRoot& root, std::string_view name) {
  const std::string plain = Plain(name);
  if (plain.empty()) return false;
  return plain == root.fingerprint || plain == ToHex(root.subject_key_id);
}

}  // namespace rootkeep
