#include "signer/authority/certificates.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <climits>
#include <ctime>

namespace rootkeep {
namespace {

using Stack = ossl::Owned<STACK_OF(X509), [](STACK_OF(X509) * stack) { sk_X509_free(stack); }>;

struct PemBlock {
  char* label = nullptr;
  char* header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;  // NOLINT(google-runtime-int): OpenSSL's type

  PemBlock() = default;
  PemBlock(const PemBlock&) = delete;
  PemBlock& operator=(const PemBlock&) = delete;
  ~PemBlock() {
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
};

Error NotCertificates(std::string message) { return InvalidArgument(std::move(message)).WithReason("certificates"); }

// False at the end of the text.
Result<bool> TakeCertificate(BIO* bio, Certificates& out) {
  PemBlock block;
  if (PEM_read_bio(bio, &block.label, &block.header, &block.data, &block.size) != 1) {
    const bool end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!end) return ossl::TakeError(Code::kInvalidArgument, "PEM_read_bio").WithReason("certificates");
    ossl::ClearErrors();
    return false;
  }
  if (std::string_view(block.label) != PEM_STRING_X509) {
    return NotCertificates(fmt::format("a PEM block is labelled {}, not {}", block.label, PEM_STRING_X509));
  }
  RK_TRY(ossl::Cert certificate, ParseCertificateDer({block.data, static_cast<std::size_t>(block.size)}));
  out.push_back(std::move(certificate));
  return true;
}

WallTime FromAsn1(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return WallTime::min();
  return FromUnixSeconds(
      std::clamp<std::int64_t>(timegm(&parts), ToUnixSeconds(WallTime::min()) + 1, ToUnixSeconds(WallTime::max()) - 1));
}

Stack Borrow(std::span<const ossl::Cert> certificates) {
  Stack stack(sk_X509_new_null());
  for (const ossl::Cert& certificate : certificates) sk_X509_push(stack.get(), certificate.get());
  return stack;
}

bool IsSelfIssued(const X509* certificate) {
  return X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
}

// X509_verify_cert takes the issuing certificate for the end of the path; what it will issue makes the path one longer.
Result<std::optional<unsigned>> RoomOf(const STACK_OF(X509) * chain) {
  std::optional<unsigned> room;
  long below = 0;  // NOLINT(google-runtime-int): OpenSSL's type
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* certificate = sk_X509_value(chain, i);
    const auto limit = X509_get_pathlen(certificate);
    if (limit >= 0 && below > limit) {
      return FailedPrecondition(fmt::format("a path length of {} leaves no room for issued certificates", limit))
          .WithReason("chain");
    }
    if (limit >= 0) room = std::min(room.value_or(UINT_MAX), static_cast<unsigned>(limit - below));
    if (!IsSelfIssued(certificate)) ++below;
  }
  return room;
}

}  // namespace

Result<Certificates> ParseCertificates(std::string_view pem) {
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return ossl::TakeError(Code::kInternal, "BIO_new_mem_buf");
  ossl::ClearErrors();
  Certificates out;
  while (true) {
    RK_TRY(const bool more, TakeCertificate(bio.get(), out));
    if (!more) break;
  }
  if (out.empty()) return NotCertificates("there is no certificate");
  return out;
}

Result<ossl::Cert> ParseCertificateDer(ByteView der) {
  const unsigned char* cursor = der.data();
  ossl::Cert certificate(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (certificate == nullptr) return ossl::TakeError(Code::kInvalidArgument, "d2i_X509").WithReason("certificates");
  if (cursor != der.data() + der.size()) return NotCertificates("octets follow the certificate");
  return certificate;
}

Bytes CertificateDer(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size <= 0) return {};
  Bytes out(der, der + size);
  OPENSSL_free(der);
  return out;
}

WallTime NotBeforeOf(const X509* certificate) { return FromAsn1(X509_get0_notBefore(certificate)); }
WallTime NotAfterOf(const X509* certificate) { return FromAsn1(X509_get0_notAfter(certificate)); }

Bytes SubjectOf(const X509* certificate) {
  const unsigned char* name = nullptr;
  std::size_t size = 0;
  if (X509_NAME_get0_der(X509_get_subject_name(certificate), &name, &size) != 1) return {};
  return {name, name + size};
}

Bytes SubjectKeyIdOf(X509* certificate) {
  const ASN1_OCTET_STRING* id = X509_get0_subject_key_id(certificate);
  if (id == nullptr) return {};
  return {ASN1_STRING_get0_data(id), ASN1_STRING_get0_data(id) + ASN1_STRING_length(id)};
}

Result<PublicKey> PublicKeyOf(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return ossl::TakeError(Code::kInvalidArgument, "i2d_X509_PUBKEY");
  const Bytes spki(der, der + size);
  OPENSSL_free(der);
  return PublicKey::FromSpki(spki);
}

bool MaySignCertificates(X509* certificate) {
  // 1 is "basic constraints say so"; other results are guesses about older versions.
  return X509_check_ca(certificate) == 1 && (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) != 0;
}

bool IsSignedBy(X509* certificate, EVP_PKEY* key) {
  const bool signed_by = X509_verify(certificate, key) == 1;
  ossl::ClearErrors();
  return signed_by;
}

Status CheckChain(X509* certificate, std::span<const ossl::Cert> others, std::span<const ossl::Cert> roots,
                  WallTime at) {
  RK_RETURN_IF_ERROR(RoomBelow(certificate, others, roots, at));
  return Ok();
}

Result<std::optional<unsigned>> RoomBelow(X509* certificate, std::span<const ossl::Cert> others,
                                          std::span<const ossl::Cert> roots, WallTime at) {
  constexpr int k112Bits = 2;
  const Stack untrusted = Borrow(others);
  const Stack trusted = Borrow(roots);
  const ossl::StoreCtx ctx(X509_STORE_CTX_new());
  if (ctx == nullptr || X509_STORE_CTX_init(ctx.get(), nullptr, certificate, untrusted.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "X509_STORE_CTX_init");
  }
  X509_STORE_CTX_set0_trusted_stack(ctx.get(), trusted.get());
  X509_STORE_CTX_set_time(ctx.get(), 0, static_cast<std::time_t>(ToUnixSeconds(at)));
  X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(ctx.get()), k112Bits);
  if (X509_verify_cert(ctx.get()) != 1) {
    const int reason = X509_STORE_CTX_get_error(ctx.get());
    const int depth = X509_STORE_CTX_get_error_depth(ctx.get());
    ossl::ClearErrors();
    return FailedPrecondition(fmt::format("the chain does not verify: {} (certificate {} of it)",
                                          X509_verify_cert_error_string(reason), depth + 1))
        .WithNative({"X509_V_ERR", static_cast<std::uint64_t>(reason), ""})
        .WithReason("chain");
  }
  return RoomOf(X509_STORE_CTX_get0_chain(ctx.get()));
}

}  // namespace rootkeep
