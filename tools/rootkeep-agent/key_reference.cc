#include "tools/rootkeep-agent/key_reference.h"

#include "keystore/keysocket/values/uri.h"
#include "signer/der/pem.h"
#include "signer/der/writer.h"

namespace rootkeep::agent {

std::string KeyReferencePem(const KeyInfo& key, const std::string& socket_path) {
  constexpr std::uint32_t kVersion = 1;
  der::Writer writer;
  writer.Sequence([&] {
    writer.Integer(kVersion);
    writer.Text(der::kUtf8String, keysocket::BehindSocket(key.uri).Redacted());
    if (!socket_path.empty()) {
      writer.Nested(der::ContextConstructed(0), [&] { writer.Text(der::kUtf8String, socket_path); });
    }
    writer.Nested(der::ContextConstructed(1),
                  [&] { writer.Primitive(der::kOctetString, key.public_key.fingerprint()); });
  });
  return der::ToPem(std::move(writer).Finish(), "ROOTKEEP KEY REFERENCE");
}

}  // namespace rootkeep::agent
