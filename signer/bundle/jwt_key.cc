#include "signer/bundle/jwt_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/public_key.h"
#include "keystore/spki.h"

namespace rootkeep {
namespace {

Error Unfit(std::string message) { return InvalidArgument(std::move(message)).WithReason("jwt_key"); }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

}  // namespace

Status CheckJwtKey(const JwtKey& key, WallTime now) {
  if (key.key_id.empty() || key.key_id.size() > kMaxKeyIdSize || std::ranges::any_of(key.key_id, IsControl)) {
    return Unfit(fmt::format("a key id has 1 to {} octets and no control characters", kMaxKeyIdSize));
  }
  if (key.public_key.size() > kMaxJwtKeySize) {
    return Unfit(fmt::format("a public key of {} octets is longer than {}", key.public_key.size(), kMaxJwtKeySize));
  }
  const auto read = PublicKey::FromSpki(key.public_key);
  if (!read.ok()) return Unfit("the public key is no SubjectPublicKeyInfo of a known type: " + read.error().message());
  if (!IsCanonicalSpki(key.public_key, read->pkey())) {
    return Unfit("the SubjectPublicKeyInfo is not the canonical one of its key")
        .WithHint("DER, an EC point uncompressed, the parameters of an RSA key NULL");
  }
  if (key.expires_at <= 0) return Unfit("the key has no expiry");
  if (IsExpired(key, ToUnixSeconds(now))) return Unfit("the key has expired");
  if (key.expires_at > ToUnixSeconds(now + kLongestJwtKey)) {
    return Unfit(fmt::format("the key would stay for more than {} hours", kLongestJwtKey.count()));
  }
  return Ok();
}

Status CheckNotRemoved(const JwtKey& key, const std::vector<JwtKeyRecord>& records) {
  const auto removed = std::ranges::find_if(records, [&](const JwtKeyRecord& record) {
    return record.removed_at != 0 && (record.key.key_id == key.key_id || record.key.public_key == key.public_key);
  });
  if (removed == records.end()) return Ok();
  return FailedPrecondition("the JWT key " + removed->key.key_id + " was removed by an operator")
      .WithReason("jwt_key_removed")
      .WithHint("publish a new key");
}

Result<bool> IsPublished(const JwtKey& key, const std::vector<JwtKey>& present, std::size_t published) {
  const auto found = std::ranges::find(present, key.key_id, &JwtKey::key_id);
  if (found != present.end()) {
    if (found->public_key == key.public_key) return true;
    return AlreadyExists("another JWT key has the id " + key.key_id).WithReason("jwt_key_id");
  }
  if (present.size() < kMostJwtKeys && published < kMostJwtKeysEach) return false;
  return ResourceExhausted(
             fmt::format("the bundle has {} JWT keys already, {} of them this caller's", present.size(), published))
      .WithReason("jwt_keys")
      .WithHint("they go when they expire");
}

}  // namespace rootkeep
