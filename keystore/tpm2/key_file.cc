#include "keystore/tpm2/key_file.h"

#include <fmt/format.h>

#include "keystore/tpm2/key_file_asn1.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::string_view kBegin = "-----BEGIN TSS2 PRIVATE KEY-----\n";
constexpr std::string_view kEnd = "-----END TSS2 PRIVATE KEY-----\n";
constexpr std::size_t kLine = 64;  // characters (RFC 7468 §2)

Error NotAKeyFile(std::string message) { return InvalidArgument(std::move(message)).WithReason("key_file"); }

std::string ToPem(ByteView der) {
  const std::string body = ToBase64(der);
  std::string pem(kBegin);
  for (std::size_t at = 0; at < body.size(); at += kLine) pem.append(body, at, kLine).push_back('\n');
  return pem.append(kEnd);
}

Result<Bytes> FromPem(std::string_view text) {
  if (!text.starts_with(kBegin) || !text.ends_with(kEnd) || text.size() < kBegin.size() + kEnd.size()) {
    return NotAKeyFile("the key file is not one PEM block TSS2 PRIVATE KEY and nothing else");
  }
  std::string body(text.substr(kBegin.size(), text.size() - kBegin.size() - kEnd.size()));
  std::erase(body, '\n');
  auto der = FromBase64(body);
  if (!der || ToPem(*der) != text) return NotAKeyFile("the key file is not base64 in lines of 64 characters");
  return std::move(*der);
}

// A TPM2B (TPM 2.0 Part 2 §10.4) is its size, big-endian, and as many octets.
Status CheckTpm2b(ByteView octets, std::size_t limit, std::string_view name) {
  const bool whole =
      octets.size() > 2 && octets.size() <= limit && std::size_t{octets[0]} * 256 + octets[1] == octets.size() - 2;
  if (whole) return Ok();
  return NotAKeyFile(fmt::format("the key file's {} is empty, too long, or not as long as it says", name));
}

Status Check(const KeyFile& key) {
  if (!IsParent(key.parent)) {
    return NotAKeyFile(fmt::format("the key file's parent 0x{:08x} is no hierarchy and no persistent key", key.parent));
  }
  RK_RETURN_IF_ERROR(CheckTpm2b(key.public_area, kMaxPublicArea, "pubkey"));
  return CheckTpm2b(key.private_area, kMaxPrivateArea, "privkey");
}

}  // namespace

bool IsParent(std::uint32_t handle) {
  switch (handle) {
    case 0x40000001:  // TPM_RH_OWNER
    case 0x40000007:  // TPM_RH_NULL
    case 0x4000000B:  // TPM_RH_ENDORSEMENT
    case 0x4000000C:  // TPM_RH_PLATFORM
      return true;
    default: return handle >> 24 == 0x81;
  }
}

Result<KeyFile> ParseKeyFile(std::string_view text) {
  if (text.size() > kMaxKeyFile) return NotAKeyFile(fmt::format("the key file is larger than {} octets", kMaxKeyFile));
  Bytes der;
  if (text.starts_with('-')) {
    RK_TRY(der, FromPem(text));
  } else {
    der = ToBytes(AsBytes(text));
  }
  RK_TRY(KeyFile key, DecodeTpmKey(der));
  RK_RETURN_IF_ERROR(Check(key));
  return key;
}

Result<Bytes> KeyFileDer(const KeyFile& key) {
  RK_RETURN_IF_ERROR(Check(key));
  return EncodeTpmKey(key);
}

Result<std::string> KeyFilePem(const KeyFile& key) {
  RK_TRY(const Bytes der, KeyFileDer(key));
  return ToPem(der);
}

}  // namespace rootkeep::tpm2
