#include "signer/certificate/name.h"

#include <fmt/format.h>

#include "signer/der/oid.h"
#include "signer/der/writer.h"

namespace rootkeep {
namespace {

void WriteAttribute(der::Writer& writer, ByteView type, std::string_view text) {
  writer.Nested(der::kSet, [&] {
    writer.Sequence([&] {
      writer.Oid(type);
      writer.Text(der::kUtf8String, text);
    });
  });
}

}  // namespace

Bytes LeafName(std::string_view common_name) {
  der::Writer writer;
  writer.Sequence([&] {
    if (!common_name.empty()) WriteAttribute(writer, der::oid::kCommonName, common_name);
  });
  return std::move(writer).Finish();
}

Bytes CaName(std::string_view trust_domain, std::string_view common_name) {
  der::Writer writer;
  writer.Sequence([&] {
    if (trust_domain.size() <= kMaxNameText) WriteAttribute(writer, der::oid::kOrganization, trust_domain);
    WriteAttribute(writer, der::oid::kCommonName, common_name);
  });
  return std::move(writer).Finish();
}

std::string RootCommonName(std::string_view name, unsigned generation) {
  return fmt::format("Rootkeep root {} {}", name, generation);
}

std::string IssuingCaCommonName(std::string_view name, unsigned generation) {
  return fmt::format("Rootkeep issuing CA {} {}", name, generation);
}

}  // namespace rootkeep
