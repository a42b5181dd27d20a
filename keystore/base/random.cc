#include "keystore/base/random.h"

#include <openssl/rand.h>

#include "keystore/base/openssl.h"

namespace rootkeep {

Status FillRandom(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) {
    return ossl::TakeError(Code::kInternal, "RAND_bytes");
  }
  return Ok();
}

Result<Bytes> RandomBytes(std::size_t size) {
  Bytes out(size);
  RK_RETURN_IF_ERROR(FillRandom(out));
  return out;
}

}  // namespace rootkeep
