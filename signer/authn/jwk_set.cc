#include "signer/authn/jwk_set.h"

#include <fmt/format.h>

#include <algorithm>

#include "signer/authn/refusal.h"
#include "signer/authn/strict_json.h"

namespace rootkeep::jose {
namespace {

bool IsFor(const Jwk& jwk, const Jws& jws) {
  return KeyFits(jws.scheme, jwk.key.type()) && (!jwk.algorithm || *jwk.algorithm == jws.algorithm);
}

}  // namespace

Result<JwkSet> JwkSet::Parse(std::string_view text) {
  if (text.size() > kMaxJwkSet) return InvalidArgument(fmt::format("a JWK set larger than {} octets", kMaxJwkSet));
  RK_TRY(const nlohmann::json root, ParseStrictJson(text));
  const auto keys = root.find("keys");
  if (keys == root.end() || !keys->is_array()) return InvalidArgument("a JWK set without an array of keys");
  if (keys->size() > kMaxKeys)
    return InvalidArgument(fmt::format("a JWK set of {} keys, at most {}", keys->size(), kMaxKeys));
  if (HasPrivateMember(root) || std::ranges::any_of(*keys, HasPrivateMember)) {
    return InvalidArgument("the JWK set holds private key material")
        .WithReason("jwks_private_key")
        .WithHint("the issuer must replace this key: whoever could read the set can forge tokens");
  }
  JwkSet set;
  for (const nlohmann::json& entry : *keys) {
    auto key = ParseJwk(entry);
    if (key.ok()) {
      set.keys_.push_back(std::move(*key));
    } else {
      ++set.skipped_;
    }
  }
  return set;
}

Result<const Jwk*> JwkSet::Select(const Jws& jws) const {
  const Jwk* chosen = nullptr;
  bool kid_known = false;
  for (const Jwk& jwk : keys_) {
    if (jws.kid && jwk.kid != jws.kid) continue;
    kid_known = true;
    if (!IsFor(jwk, jws)) continue;
    if (chosen != nullptr) {
      return Refusal(refusal::kTokenKeyAmbiguous, "more than one key of the issuer could have signed the token");
    }
    chosen = &jwk;
  }
  if (chosen != nullptr) return chosen;
  if (jws.kid && kid_known) {
    return Refusal(refusal::kTokenAlg, fmt::format("the key that the token names is not for {}", jws.algorithm));
  }
  return Refusal(refusal::kTokenKeyUnknown, "the issuer has no key such as the token names");
}

}  // namespace rootkeep::jose
