#include "signer/certificate/extensions.h"

#include <array>
#include <bit>

#include "signer/der/oid.h"

namespace rootkeep {
namespace {

namespace oid = der::oid;

template <typename Value>
void WriteExtension(der::Writer& writer, ByteView id, bool critical, Value value) {
  writer.Sequence([&] {
    writer.Oid(id);
    if (critical) writer.True();
    writer.Nested(der::kOctetString, value);
  });
}

// A named bit list (X.690 §11.2.2): trailing zero bits are not written.
void WriteKeyUsage(der::Writer& writer, std::uint8_t bits) {
  const std::array<std::uint8_t, 2> contents{static_cast<std::uint8_t>(std::countr_zero(bits)), bits};
  WriteExtension(writer, oid::kKeyUsage, true, [&] { writer.Primitive(der::kBitString, contents); });
}

void WriteExtKeyUsage(der::Writer& writer, const Profile& profile) {
  WriteExtension(writer, oid::kExtKeyUsage, false, [&] {
    writer.Sequence([&] {
      if (profile.server_auth) writer.Oid(oid::kServerAuth);
      if (profile.client_auth) writer.Oid(oid::kClientAuth);
    });
  });
}

void WriteBasicConstraints(der::Writer& writer, const Profile& profile) {
  WriteExtension(writer, oid::kBasicConstraints, true, [&] {
    writer.Sequence([&] {
      if (!profile.ca) return;
      writer.True();
      if (profile.path_length) writer.Integer(*profile.path_length);
    });
  });
}

void WriteSubjectKeyId(der::Writer& writer, ByteView key_id) {
  WriteExtension(writer, oid::kSubjectKeyId, false, [&] { writer.Primitive(der::kOctetString, key_id); });
}

void WriteAuthorityKeyId(der::Writer& writer, ByteView key_id) {
  WriteExtension(writer, oid::kAuthorityKeyId, false,
                 [&] { writer.Sequence([&] { writer.Primitive(der::Context(0), key_id); }); });
}

// Each a GeneralSubtree of its base alone: minimum and maximum are never written (RFC 5280 §4.2.1.10).
void WriteNameConstraints(der::Writer& writer, const ExcludedNames& excluded) {
  const auto subtree = [&](std::uint8_t tag, ByteView base) { writer.Sequence([&] { writer.Primitive(tag, base); }); };
  WriteExtension(writer, oid::kNameConstraints, true, [&] {
    writer.Sequence([&] {
      writer.Nested(der::ContextConstructed(1), [&] {
        for (const std::string& domain : excluded.dns) subtree(der::Context(2), AsBytes(domain));
        for (const Bytes& address : excluded.addresses) subtree(der::Context(7), address);
      });
    });
  });
}

std::uint8_t NameTag(GeneralName::Kind kind) {
  switch (kind) {
    case GeneralName::Kind::kDns: return der::Context(2);
    case GeneralName::Kind::kUri: return der::Context(6);
    case GeneralName::Kind::kIp: return der::Context(7);
  }
  return der::Context(6);
}

void WriteAltNames(der::Writer& writer, const Decision& decision) {
  WriteExtension(writer, oid::kSubjectAltName, !decision.profile.ca, [&] {
    writer.Sequence([&] {
      for (const GeneralName& name : decision.sans) writer.Text(NameTag(name.kind), name.value);
    });
  });
}

}  // namespace

void WriteExtensions(der::Writer& writer, const Decision& decision, const IssuerView& issuer, ByteView subject_key_id) {
  const Profile& profile = decision.profile;
  writer.Sequence([&] {
    WriteKeyUsage(writer, profile.key_usage);
    if (profile.server_auth || profile.client_auth) WriteExtKeyUsage(writer, profile);
    WriteBasicConstraints(writer, profile);
    if (!subject_key_id.empty()) WriteSubjectKeyId(writer, subject_key_id);
    if (!issuer.key_id.empty()) WriteAuthorityKeyId(writer, issuer.key_id);
    if (!decision.sans.empty()) WriteAltNames(writer, decision);
    if (!profile.excluded.empty()) WriteNameConstraints(writer, profile.excluded);
  });
}

}  // namespace rootkeep
