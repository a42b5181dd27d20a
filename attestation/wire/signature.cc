#include "attestation/wire/signature.h"

#include <fmt/format.h>

namespace rootkeep::attestation {
namespace {

Bytes ReadNumber(Reader& in, std::size_t most) {
  Bytes number = in.Sized(most);
  if (number.empty()) in.Fail("a part of the signature is empty");
  return number;
}

RsaSignature ReadRsaSignature(Reader& in) { return {ReadNumber(in, kMaxRsaSize)}; }

EccSignature ReadEccSignature(Reader& in) {
  EccSignature signature;
  signature.r = ReadNumber(in, kMaxEccSize);
  signature.s = ReadNumber(in, kMaxEccSize);
  return signature;
}

Signature ReadSignature(Reader& in) {
  Signature signature;
  signature.scheme = in.Alg();
  switch (signature.scheme) {
    case Algorithm::kRsaSsa:
    case Algorithm::kRsaPss:
      signature.hash = in.HashAlg();
      signature.value = ReadRsaSignature(in);
      break;
    case Algorithm::kEcdsa:
    case Algorithm::kEcDaa:
      signature.hash = in.HashAlg();
      signature.value = ReadEccSignature(in);
      break;
    default: in.Fail(fmt::format("{} is no signature scheme known here", AlgorithmName(signature.scheme)));
  }
  return signature;
}

}  // namespace

Bytes Encode(const Signature& signature) {
  Writer out;
  out.Alg(signature.scheme);
  out.Alg(signature.hash);
  if (const auto* rsa = std::get_if<RsaSignature>(&signature.value)) {
    out.Sized(rsa->octets);
  } else if (const auto* ecc = std::get_if<EccSignature>(&signature.value)) {
    out.Sized(ecc->r);
    out.Sized(ecc->s);
  }
  return out.Take();
}

Result<Signature> ParseSignature(ByteView tpmt_signature) {
  return ReadWhole<Signature>("TPMT_SIGNATURE", tpmt_signature, kMaxSignatureSize, &ReadSignature, &Encode);
}

}  // namespace rootkeep::attestation
