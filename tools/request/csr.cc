#include "tools/request/csr.h"

#include "keystore/public_key.h"
#include "signer/certificate/algorithm.h"
#include "signer/der/oid.h"
#include "signer/der/pem.h"
#include "signer/der/writer.h"

namespace rootkeep {
namespace {

// RFC 5280 §4.2.1.6: GeneralName.
std::uint8_t TagOf(GeneralName::Kind kind) {
  switch (kind) {
    case GeneralName::Kind::kUri: return der::Context(6);
    case GeneralName::Kind::kDns: return der::Context(2);
    case GeneralName::Kind::kIp: return der::Context(7);
  }
  return der::Context(2);
}

void WriteNames(der::Writer& writer, const std::vector<GeneralName>& names) {
  writer.Sequence([&] {
    writer.Oid(der::oid::kSubjectAltName);
    writer.True();  // critical, because there is no subject
    writer.Nested(der::kOctetString, [&] {
      writer.Sequence([&] {
        for (const GeneralName& name : names) writer.Text(TagOf(name.kind), name.value);
      });
    });
  });
}

Bytes RequestInfo(const PublicKey& key, const std::vector<GeneralName>& names) {
  constexpr std::uint32_t kVersion1 = 0;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Integer(kVersion1);
    writer.Sequence([] {});
    writer.Raw(key.spki());
    writer.Nested(der::ContextConstructed(0), [&] {
      if (names.empty()) return;
      writer.Sequence([&] {
        writer.Oid(der::oid::kExtensionRequest);
        writer.Nested(der::kSet, [&] { writer.Sequence([&] { WriteNames(writer, names); }); });
      });
    });
  });
  return std::move(writer).Finish();
}

}  // namespace

Result<std::string> MakeLeafCsr(const Signer& signer, const std::vector<GeneralName>& names, Deadline deadline) {
  const PublicKey& key = signer.public_key();
  const SignatureScheme scheme = SchemesOf(key.type()).front();
  const Bytes info = RequestInfo(key, names);
  RK_TRY(const Bytes input, Digest(SchemeHash(scheme), info));
  RK_TRY(const Bytes signature, signer.Sign(scheme, input, deadline));
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(info);
    WriteAlgorithm(writer, scheme);
    writer.BitString(signature);
  });
  return der::ToPem(std::move(writer).Finish(), "CERTIFICATE REQUEST");
}

}  // namespace rootkeep
