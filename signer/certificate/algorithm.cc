#include "signer/certificate/algorithm.h"

#include "signer/der/oid.h"

namespace rootkeep {
namespace {

namespace oid = der::oid;

ByteView HashOid(Hash hash) {
  switch (hash) {
    case Hash::kSha256: return oid::kSha256;
    case Hash::kSha384: return oid::kSha384;
    case Hash::kSha512: return oid::kSha512;
    case Hash::kNone: return {};
  }
  return {};
}

void WriteHash(der::Writer& writer, Hash hash) {
  writer.Sequence([&] {
    writer.Oid(HashOid(hash));
    writer.Null();
  });
}

// RSASSA-PSS-params with everything but the trailer field spelled out: none of it is a default.
void WritePssParameters(der::Writer& writer, Hash hash) {
  writer.Sequence([&] {
    writer.Nested(der::ContextConstructed(0), [&] { WriteHash(writer, hash); });
    writer.Nested(der::ContextConstructed(1), [&] {
      writer.Sequence([&] {
        writer.Oid(oid::kMgf1);
        WriteHash(writer, hash);
      });
    });
    writer.Nested(der::ContextConstructed(2), [&] { writer.Integer(static_cast<std::uint32_t>(HashSize(hash))); });
  });
}

void WriteOidAndParameters(der::Writer& writer, SignatureScheme scheme) {
  const auto pkcs1 = [&writer](ByteView id) {
    writer.Oid(id);
    writer.Null();
  };
  switch (scheme) {
    case SignatureScheme::kEcdsaSha256: return writer.Oid(oid::kEcdsaSha256);
    case SignatureScheme::kEcdsaSha384: return writer.Oid(oid::kEcdsaSha384);
    case SignatureScheme::kEd25519: return writer.Oid(oid::kEd25519);
    case SignatureScheme::kRsaPkcs1Sha256: return pkcs1(oid::kRsaSha256);
    case SignatureScheme::kRsaPkcs1Sha384: return pkcs1(oid::kRsaSha384);
    case SignatureScheme::kRsaPkcs1Sha512: return pkcs1(oid::kRsaSha512);
    case SignatureScheme::kRsaPssSha256:
    case SignatureScheme::kRsaPssSha384:
    case SignatureScheme::kRsaPssSha512:
      writer.Oid(oid::kRsaPss);
      return WritePssParameters(writer, SchemeHash(scheme));
  }
}

}  // namespace

void WriteAlgorithm(der::Writer& writer, SignatureScheme scheme) {
  writer.Sequence([&] { WriteOidAndParameters(writer, scheme); });
}

}  // namespace rootkeep
