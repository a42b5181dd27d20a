#include "tests/support/csr_builder.h"

#include "signer/der/oid.h"
#include "signer/der/pem.h"
#include "signer/der/writer.h"
#include "tests/support/software_key.h"

namespace rootkeep::testing {

namespace oid = der::oid;

Bytes Extension(ByteView oid, bool critical, ByteView value) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Oid(oid);
    if (critical) writer.True();
    writer.Primitive(der::kOctetString, value);
  });
  return std::move(writer).Finish();
}

Bytes AltNames(const std::vector<Bytes>& names) {
  der::Writer writer;
  writer.Sequence([&] {
    for (const Bytes& name : names) writer.Raw(name);
  });
  return std::move(writer).Finish();
}

Bytes AltName(std::uint8_t number, std::string_view content) {
  der::Writer writer;
  writer.Text(der::Context(number), content);
  return std::move(writer).Finish();
}

Bytes UriExtension(std::string_view uri) { return Extension(oid::kSubjectAltName, true, AltNames({AltName(6, uri)})); }

Bytes Attribute(ByteView oid, const std::vector<Bytes>& values) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Oid(oid);
    writer.Nested(der::kSet, [&] {
      for (const Bytes& value : values) writer.Raw(value);
    });
  });
  return std::move(writer).Finish();
}

Bytes NameOf(const std::vector<NamePart>& parts) {
  der::Writer writer;
  writer.Sequence([&] {
    for (const NamePart& part : parts) {
      writer.Nested(der::kSet, [&] {
        writer.Sequence([&] {
          writer.Oid(part.oid);
          writer.Text(part.tag, part.text);
        });
      });
    }
  });
  return std::move(writer).Finish();
}

Bytes AlgorithmOf(ByteView oid, bool null) {
  der::Writer writer;
  writer.Sequence([&] {
    writer.Oid(oid);
    if (null) writer.Null();
  });
  return std::move(writer).Finish();
}

CsrBuilder::CsrBuilder(EVP_PKEY* signing_key) : key(signing_key), spki(SpkiOf(signing_key)) {
  if (EVP_PKEY_is_a(key, "RSA") == 1) {
    algorithm = AlgorithmOf(oid::kRsaSha256, true);
  } else if (EVP_PKEY_is_a(key, "ED25519") == 1) {
    md = nullptr;
    algorithm = AlgorithmOf(oid::kEd25519, false);
  } else {
    algorithm = AlgorithmOf(oid::kEcdsaSha256, false);
  }
}

Bytes CsrBuilder::Der() const {
  der::Writer info;
  info.Sequence([&] {
    info.Integer(version);
    info.Raw(subject);
    info.Raw(spki);
    if (omit_attributes) return;
    info.Nested(der::ContextConstructed(0), [&] {
      if (!extensions.empty()) info.Raw(Attribute(oid::kExtensionRequest, {AltNames(extensions)}));
      for (const Bytes& attribute : other_attributes) info.Raw(attribute);
    });
  });
  const Bytes signed_part = std::move(info).Finish();
  der::Writer writer;
  writer.Sequence([&] {
    writer.Raw(signed_part);
    writer.Raw(algorithm);
    writer.BitString(SignWith(key, md, signed_part));
  });
  return std::move(writer).Finish();
}

std::string CsrBuilder::Pem() const { return der::ToPem(Der(), "CERTIFICATE REQUEST"); }

std::string MakeCsrPem(EVP_PKEY* key, std::string_view uri) {
  CsrBuilder builder(key);
  builder.extensions = {UriExtension(uri)};
  return builder.Pem();
}

}  // namespace rootkeep::testing
