#include "attestation/attester/ek.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "attestation/attester/ek_certificate.h"
#include "attestation/attester/ek_template.h"
#include "attestation/attester/marshal.h"
#include "attestation/attester/nv.h"
#include "attestation/wire/messages.h"
#include "attestation/wire/public_key.h"

namespace rootkeep::attestation {
namespace {

// The TCG's range of NV indices, and that of persistent keys in the endorsement hierarchy (TCG Registry of Reserved TPM
// 2.0 Handles).
constexpr TPM2_HANDLE kFirstIndex = 0x01C00000;
constexpr TPM2_HANDLE kFirstPersistent = 0x81010000;
constexpr TPM2_HANDLE kLastPersistent = 0x8101FFFF;

class Finder {
 public:
  explicit Finder(ESYS_CONTEXT* esys) : esys_(esys) {}

  Status ListHandles() {
    RK_TRY(indices_, HandlesBetween(esys_, kFirstIndex, kLastChainIndex));
    RK_TRY(persistent_, HandlesBetween(esys_, kFirstPersistent, kLastPersistent));
    return Ok();
  }

  [[nodiscard]] bool HasCertificate(const EkTemplate& kind) const { return HasIndex(kind.certificate); }

  // An error for a certificate that is for no key of this TPM.
  Result<Ek> Certified(const EkTemplate& kind) {
    RK_TRY(const Bytes content, ReadNv(esys_, kind.certificate));
    auto certificate = UnwrapCertificate(content);
    if (!certificate.ok()) return Unusable(certificate.error());
    const auto spki = SpkiOfCertificate(*certificate);
    if (!spki.ok()) return Unusable(spki.error());
    RK_TRY(TpmKey key, KeyOf(kind, *spki));
    RK_TRY(std::vector<Bytes> chain, ReadChain());
    return Ek{.key = std::move(key), .certificate = std::move(*certificate), .chain = std::move(chain)};
  }

  Result<TpmKey> Make(const EkTemplate& kind) {
    RK_TRY(const TPMT_PUBLIC area, TemplateOf(kind));
    return MakePrimary(esys_, area);
  }

 private:
  [[nodiscard]] bool HasIndex(TPM2_HANDLE index) const { return std::ranges::binary_search(indices_, index); }

  static Error Unusable(const Error& why) { return Error(why).WithCode(Code::kFailedPrecondition); }

  Result<TpmKey> KeyOf(const EkTemplate& kind, const Bytes& spki) {
    for (const TPM2_HANDLE handle : persistent_) {
      auto key = OpenPersistent(esys_, handle);
      // One that this program cannot read is somebody's key of another type.
      if (!key.ok() && key.error().code() == Code::kInvalidArgument) continue;
      if (!key.ok()) return std::move(key.error());
      if (SpkiOf(key->area) == spki) return key;
    }
    RK_TRY(TpmKey key, Make(kind));
    if (SpkiOf(key.area) == spki) return key;
    return FailedPrecondition("the certificate is for another key than the TPM makes from its template");
  }

  Result<TPMT_PUBLIC> TemplateOf(const EkTemplate& kind) {
    TPMT_PUBLIC area = kind.area;
    if (HasIndex(kind.other_template)) {
      RK_TRY(const Bytes content, ReadNv(esys_, kind.other_template));
      auto other = ReadTemplate(content);
      if (!other.ok()) return Unusable(std::move(other.error()).Within("the EK template in NV"));
      area = *other;
    }
    if (kind.nonce == 0 || !HasIndex(kind.nonce)) return area;
    RK_TRY(const Bytes nonce, ReadNv(esys_, kind.nonce));
    // In front of the zeros (EK Credential Profile §B.3.2); for an ECC key in x.
    auto* const unique = area.type == TPM2_ALG_RSA ? area.unique.rsa.buffer : area.unique.ecc.x.buffer;
    const std::size_t room = area.type == TPM2_ALG_RSA ? area.unique.rsa.size : area.unique.ecc.x.size;
    if (nonce.size() > room) return FailedPrecondition("the EK nonce in NV is longer than the key");
    std::ranges::copy(nonce, unique);
    return area;
  }

  Result<std::vector<Bytes>> ReadChain() {
    Bytes content;
    for (const TPM2_HANDLE index : indices_) {
      if (index < kFirstChainIndex) continue;
      RK_TRY(const Bytes part, ReadNv(esys_, index));
      content.insert(content.end(), part.begin(), part.end());
    }
    return SplitCertificates(content, kMaxEkChain);
  }

  ESYS_CONTEXT* const esys_;
  std::vector<TPM2_HANDLE> indices_;
  std::vector<TPM2_HANDLE> persistent_;
};

// Whether another template is worth trying: what the TPM makers left is wrong, or the TPM does not make such a key.
bool IsAboutThisTemplate(const Error& error) {
  return (error.code() == Code::kFailedPrecondition && error.native().domain.empty()) ||
         error.code() == Code::kUnimplemented;
}

}  // namespace

Result<Ek> FindEk(ESYS_CONTEXT* esys, std::string_view name) {
  RK_TRY(const auto kinds, EkTemplatesNamed(name));
  Finder finder(esys);
  RK_RETURN_IF_ERROR(finder.ListHandles());
  std::vector<std::string> why;
  const auto note = [&why](const EkTemplate& kind, const Error& error) {
    why.push_back(fmt::format("{} ({}): {}", kind.name, kind.key, error.ToString()));
  };
  for (const EkTemplate& kind : kinds) {
    if (!finder.HasCertificate(kind)) continue;
    auto ek = finder.Certified(kind);
    if (ek.ok() || !IsAboutThisTemplate(ek.error())) return ek;
    note(kind, ek.error());
  }
  if (!why.empty()) {
    return FailedPrecondition(fmt::format("no EK certificate of the TPM is for a key of it: {}", fmt::join(why, "; ")))
        .WithReason("ek_certificate");
  }
  for (const EkTemplate& kind : kinds) {
    auto key = finder.Make(kind);
    if (key.ok()) return Ek{.key = std::move(*key), .certificate = {}, .chain = {}};
    if (!IsAboutThisTemplate(key.error())) return std::move(key.error());
    note(kind, key.error());
  }
  return Error(Code::kUnimplemented, fmt::format("the TPM makes no EK: {}", fmt::join(why, "; ")));
}

}  // namespace rootkeep::attestation
