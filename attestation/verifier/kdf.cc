#include "attestation/verifier/kdf.h"

#include <openssl/hmac.h>

#include <array>

#include "attestation/wire/codec.h"

namespace rootkeep::attestation {
namespace {

constexpr std::uint32_t kMaxBits = 1024;

// Both functions are blocks of a hash over a counter and the same inputs, cut to size.
template <typename Block>
Result<SecretBytes> Blocks(Algorithm hash, std::uint32_t bits, Block block) {
  if (HashSize(hash) == 0 || bits % 8 != 0 || bits > kMaxBits) {
    return InvalidArgument("a key derivation of this hash and size");
  }
  Bytes output;
  output.reserve(bits / 8 + kMaxDigestSize);  // no copy is left behind in memory that grew
  for (std::uint32_t counter = 1; output.size() < bits / 8; ++counter) {
    const std::size_t before = output.size();
    output.resize(before + HashSize(hash));
    if (!block(counter, output.data() + before)) {
      SecretBytes wiped(std::move(output));
      return ossl::TakeError(Code::kInternal, "key derivation");
    }
  }
  return SecretBytes(ByteView(SecretBytes(std::move(output)).RevealForUse()).first(bits / 8));
}

}  // namespace

Result<SecretBytes> KdfA(Algorithm hash, ByteView key, std::string_view label, ByteView context_u, ByteView context_v,
                         std::uint32_t bits) {
  return Blocks(hash, bits, [&](std::uint32_t counter, std::uint8_t* out) {
    Writer input;
    input.U32(counter);
    input.Octets(AsBytes(label));
    input.U8(0);
    input.Octets(context_u);
    input.Octets(context_v);
    input.U32(bits);
    const Bytes message = input.Take();
    return HMAC(HashMd(hash), key.data(), static_cast<int>(key.size()), message.data(), message.size(), out, nullptr) !=
           nullptr;
  });
}

Result<SecretBytes> KdfE(Algorithm hash, ByteView z, std::string_view use, ByteView party_u, ByteView party_v,
                         std::uint32_t bits) {
  return Blocks(hash, bits, [&](std::uint32_t counter, std::uint8_t* out) {
    Writer head;
    head.U32(counter);
    const Bytes prefix = head.Take();
    const ossl::MdCtx ctx(EVP_MD_CTX_new());
    const auto update = [&ctx](ByteView octets) {
      return EVP_DigestUpdate(ctx.get(), octets.data(), octets.size()) == 1;
    };
    constexpr std::array<std::uint8_t, 1> kEnd{0};
    return ctx != nullptr && EVP_DigestInit_ex(ctx.get(), HashMd(hash), nullptr) == 1 && update(prefix) && update(z) &&
           update(AsBytes(use)) && update(kEnd) && update(party_u) && update(party_v) &&
           EVP_DigestFinal_ex(ctx.get(), out, nullptr) == 1;
  });
}

}  // namespace rootkeep::attestation
