#include "keystore/pkcs11/mechanism.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rootkeep::pkcs11 {
namespace {

// RFC 8017 §9.2, note 1.
constexpr auto kSha256Info = std::to_array<std::uint8_t>(
    {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20});
constexpr auto kSha384Info = std::to_array<std::uint8_t>(
    {0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30});
constexpr auto kSha512Info = std::to_array<std::uint8_t>(
    {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40});

ByteView DigestInfoPrefix(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kRsaPkcs1Sha256: return kSha256Info;
    case SignatureScheme::kRsaPkcs1Sha384: return kSha384Info;
    case SignatureScheme::kRsaPkcs1Sha512: return kSha512Info;
    default: return {};
  }
}

CK_RSA_PKCS_PSS_PARAMS PssParameters(SignatureScheme scheme) {
  const CK_ULONG salt = HashSize(SchemeHash(scheme));
  switch (SchemeHash(scheme)) {
    case Hash::kSha384: return {CKM_SHA384, CKG_MGF1_SHA384, salt};
    case Hash::kSha512: return {CKM_SHA512, CKG_MGF1_SHA512, salt};
    default: return {CKM_SHA256, CKG_MGF1_SHA256, salt};
  }
}

CK_MECHANISM_TYPE TypeOf(SignatureScheme scheme) {
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256:
    case SignatureScheme::kEcdsaSha384: return CKM_ECDSA;
    case SignatureScheme::kRsaPkcs1Sha256:
    case SignatureScheme::kRsaPkcs1Sha384:
    case SignatureScheme::kRsaPkcs1Sha512: return CKM_RSA_PKCS;
    case SignatureScheme::kRsaPssSha256:
    case SignatureScheme::kRsaPssSha384:
    case SignatureScheme::kRsaPssSha512: return CKM_RSA_PKCS_PSS;
    case SignatureScheme::kEd25519: return CKM_EDDSA;
  }
  return CKM_VENDOR_DEFINED;
}

void AppendInteger(Bytes& out, ByteView number) {
  while (number.size() > 1 && number.front() == 0) number = number.subspan(1);
  const bool pad = (number.front() & 0x80) != 0;
  out.push_back(0x02);
  out.push_back(static_cast<std::uint8_t>(number.size() + (pad ? 1 : 0)));
  if (pad) out.push_back(0);
  out.insert(out.end(), number.begin(), number.end());
}

}  // namespace

Mechanism::Mechanism(SignatureScheme scheme) {
  mechanism_.mechanism = TypeOf(scheme);
  if (mechanism_.mechanism != CKM_RSA_PKCS_PSS) return;
  pss_ = PssParameters(scheme);
  mechanism_.pParameter = &pss_;
  mechanism_.ulParameterLen = sizeof pss_;
}

Bytes TokenInput(SignatureScheme scheme, ByteView input) {
  Bytes out = ToBytes(DigestInfoPrefix(scheme));
  out.insert(out.end(), input.begin(), input.end());
  return out;
}

Result<Bytes> FromToken(SignatureScheme scheme, Bytes answer) {
  if (TypeOf(scheme) != CKM_ECDSA) return answer;
  return EcdsaToDer(answer);
}

Result<Bytes> EcdsaToDer(ByteView r_and_s) {
  const std::size_t half = r_and_s.size() / 2;
  if (half == 0 || half > 66 || r_and_s.size() % 2 != 0) {
    return Error(Code::kDataLoss, fmt::format("C_Sign gave {} octets for an ECDSA signature", r_and_s.size()));
  }
  Bytes integers;
  integers.reserve(r_and_s.size() + 6);
  AppendInteger(integers, r_and_s.first(half));
  AppendInteger(integers, r_and_s.last(half));
  Bytes der;
  der.reserve(integers.size() + 3);
  der.push_back(0x30);
  if (integers.size() >= 0x80) der.push_back(0x81);
  der.push_back(static_cast<std::uint8_t>(integers.size()));
  der.insert(der.end(), integers.begin(), integers.end());
  return der;
}

}  // namespace rootkeep::pkcs11
