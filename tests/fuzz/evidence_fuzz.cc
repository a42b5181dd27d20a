// Any text as key evidence: refused with one of the documented reasons, or one of a kind: no octet of it can change.
#include <cstdlib>

#include "keystore/evidence/key_evidence.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string text(reinterpret_cast<const char*>(data), size);
  const auto evidence = rootkeep::ReadEvidence(text);
  if (!evidence.ok()) {
    const std::string_view reason = evidence.error().reason();
    Require(reason == "evidence_form" || reason == "evidence_version" || reason == "bad_signature");
    return 0;
  }
  Require(evidence->key.public_key.FingerprintHex().size() == 64);
  const std::size_t at = evidence->signature.back() * size / 256;
  text[at] = static_cast<char>(text[at] ^ 1);
  Require(!rootkeep::ReadEvidence(text).ok());
  return 0;
}
