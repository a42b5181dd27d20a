// Any octets as a key file: refused with one of the documented reasons, or a key that its own encodings give back.
#include <cstdlib>

#include "keystore/tpm2/key_file.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace tpm2 = rootkeep::tpm2;
  const auto key = tpm2::ParseKeyFile({reinterpret_cast<const char*>(data), size});
  if (!key.ok()) {
    Require(key.error().reason() == "key_file" || key.error().reason() == "key_file_field");
    return 0;
  }
  const auto pem = tpm2::KeyFilePem(*key);
  const auto der = tpm2::KeyFileDer(*key);
  Require(pem.ok() && der.ok());
  Require(tpm2::ParseKeyFile(*pem) == *key && tpm2::ParseKeyFile(rootkeep::AsText(*der)) == *key);
  return 0;
}
