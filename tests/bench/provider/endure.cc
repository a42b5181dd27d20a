#include "tests/bench/provider/endure.h"

#include <malloc.h>

#include <array>

#include "tests/support/footprint.h"

#if defined(__SANITIZE_ADDRESS__)
#define ROOTKEEP_WITH_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ROOTKEEP_WITH_ASAN
#endif
#endif

#ifdef ROOTKEEP_WITH_ASAN
#include <sanitizer/allocator_interface.h>
#endif

namespace rootkeep::bench {
namespace {

constexpr std::size_t kWarmUpPart = 10;
constexpr std::size_t kInPieces = 10;

std::size_t AllocatedOctets() {
#ifdef ROOTKEEP_WITH_ASAN
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

struct Held {
  testing::Footprint footprint = testing::Footprint::Now();
  std::size_t octets = AllocatedOctets();
};

Status SignOnce(const OpenedWay& way, EVP_PKEY* key, bool in_pieces) {
  const std::array<unsigned char, 100> message{};
  std::array<unsigned char, 512> signature;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is written to
  std::size_t size = signature.size();
  const ossl::MdCtx operation(EVP_MD_CTX_new());
  if (EVP_DigestSignInit_ex(operation.get(), nullptr, "SHA256", way.library(), nullptr, key, nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "EVP_DigestSignInit_ex");
  }
  const bool done = in_pieces
                        ? EVP_DigestSignUpdate(operation.get(), message.data(), message.size()) == 1 &&
                              EVP_DigestSignFinal(operation.get(), signature.data(), &size) == 1
                        : EVP_DigestSign(operation.get(), signature.data(), &size, message.data(), message.size()) == 1;
  return done ? Ok() : Status(ossl::TakeError(Code::kInternal, "EVP_DigestSign"));
}

Status Run(const OpenedWay& way, std::size_t signatures, std::size_t loads) {
  for (std::size_t i = 0; i < signatures; ++i) {
    RK_RETURN_IF_ERROR(SignOnce(way, way.key.get(), i % kInPieces == 0));
  }
  for (std::size_t i = 0; i < loads; ++i) {
    const ossl::PKey key = way.load();
    if (key == nullptr) return ossl::TakeError(Code::kInternal, "loading the key as " + way.name);
    RK_RETURN_IF_ERROR(SignOnce(way, key.get(), false));
  }
  return Ok();
}

std::ptrdiff_t Difference(std::size_t after, std::size_t before) {
  return static_cast<std::ptrdiff_t>(after) - static_cast<std::ptrdiff_t>(before);
}

}  // namespace

Result<LeftBehind> Endure(const OpenedWay& way, std::size_t signatures, std::size_t loads) {
  RK_RETURN_IF_ERROR(Run(way, signatures / kWarmUpPart, loads / kWarmUpPart));
  const Held before;
  RK_RETURN_IF_ERROR(Run(way, signatures, loads));
  const Held after;
  return LeftBehind{.descriptors = Difference(after.footprint.descriptors, before.footprint.descriptors),
                    .threads = Difference(after.footprint.threads, before.footprint.threads),
                    .octets = Difference(after.octets, before.octets)};
}

}  // namespace rootkeep::bench
