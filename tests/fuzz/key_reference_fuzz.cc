// Any file in the place of a key reference: what is understood is written again as it was.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "providers/openssl/reference.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rootkeep::provider;
  const rootkeep::keysocket::Octets der(data, size);
  KeyReference reference;
  if (ParseReference(der, reference)) {
    std::vector<std::uint8_t> again(kMaxReference);
    again.resize(WriteReference(reference, again));
    if (!std::ranges::equal(again, der)) std::abort();
  }
  if (ParsePkcs11Reference(der, reference) && (reference.uri.empty() || !reference.socket.empty())) std::abort();
  return 0;
}
