#include "signer/authn/claims.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "signer/authn/refusal.h"

namespace rootkeep::jose {
namespace {

using nlohmann::json;

constexpr double kLatestTime = 253402300799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kMaxLabel = 63;         // RFC 1123 label: a namespace
constexpr std::size_t kMaxSubdomain = 253;    // RFC 1123 subdomain: a service account, pod or node
constexpr std::size_t kMaxId = 128;

Error Malformed(std::string_view claim, std::string_view problem) {
  return Refusal(refusal::kTokenMalformed, fmt::format("the token's claim {} {}", claim, problem));
}

bool IsLowerOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsName(std::string_view name, std::size_t limit, bool dots) {
  return !name.empty() && name.size() <= limit && IsLowerOrDigit(name.front()) && IsLowerOrDigit(name.back()) &&
         std::ranges::all_of(name, [dots](char c) { return IsLowerOrDigit(c) || c == '-' || (dots && c == '.'); });
}

bool IsVisibleAscii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

// RFC 7519 §2: NumericDate may have a fraction.
Result<std::optional<std::int64_t>> OptionalTime(const json& payload, const char* claim) {
  const auto member = payload.find(claim);
  if (member == payload.end()) return std::optional<std::int64_t>();
  if (!member->is_number()) return Malformed(claim, "is not a number");
  const double seconds = std::floor(member->get<double>());
  if (std::isnan(seconds) || seconds < 0 || seconds > kLatestTime)
    return Malformed(claim, "is no time between 1970 and 9999");
  return std::optional<std::int64_t>(static_cast<std::int64_t>(seconds));
}

Result<std::string> OptionalName(const json& object, const char* member, std::string_view claim) {
  const auto found = object.find(member);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return Malformed(claim, "is not a string");
  std::string text = found->get<std::string>();
  if (text.empty() || text.size() > kMaxSubdomain || !IsVisibleAscii(text)) return Malformed(claim, "is not a name");
  return text;
}

Result<std::vector<std::string>> ReadAudiences(const json& payload) {
  std::vector<std::string> audiences;
  const auto aud = payload.find("aud");
  if (aud == payload.end()) return audiences;
  if (aud->is_string()) return std::vector{aud->get<std::string>()};
  if (!aud->is_array()) return Malformed("aud", "is neither a string nor a list");
  for (const json& entry : *aud) {
    if (!entry.is_string()) return Malformed("aud", "has an entry that is not a string");
    audiences.push_back(entry.get<std::string>());
  }
  return audiences;
}

Status ReadSubject(const json& payload, Claims& claims) {
  const auto sub = payload.find("sub");
  if (sub == payload.end() || !sub->is_string()) return Refusal(refusal::kTokenSubject, "the token has no subject");
  std::string_view rest = sub->get_ref<const std::string&>();
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto colon = rest.find(':');
    if ((colon == std::string_view::npos) != (i == parts.size() - 1)) {
      return Refusal(refusal::kTokenSubject, "the token's subject has not exactly four parts");
    }
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon == std::string_view::npos ? rest.size() : colon + 1);
  }
  if (parts[0] != "system" || parts[1] != "serviceaccount" || !IsName(parts[2], kMaxLabel, false) ||
      !IsName(parts[3], kMaxSubdomain, true)) {
    return Refusal(refusal::kTokenSubject, "the token's subject is no service account");
  }
  claims.ns = parts[2];
  claims.service_account = parts[3];
  return Ok();
}

// An inner object of the kubernetes.io claim; null when it is not there.
Result<const json*> Inner(const json& object, const char* member) {
  const auto found = object.find(member);
  if (found == object.end()) return static_cast<const json*>(nullptr);
  if (!found->is_object()) return Malformed(member, "is not an object");
  return &*found;
}

Status ReadKubernetes(const json& payload, Claims& claims) {
  RK_TRY(const json* kubernetes, Inner(payload, "kubernetes.io"));
  if (kubernetes == nullptr) return Ok();
  RK_TRY(const std::string ns, OptionalName(*kubernetes, "namespace", "kubernetes.io namespace"));
  if (!ns.empty() && ns != claims.ns) {
    return Refusal(refusal::kTokenSubject, "the token's kubernetes.io namespace differs from its subject");
  }
  RK_TRY(const json* account, Inner(*kubernetes, "serviceaccount"));
  if (account != nullptr) {
    RK_TRY(const std::string name, OptionalName(*account, "name", "kubernetes.io serviceaccount"));
    if (!name.empty() && name != claims.service_account) {
      return Refusal(refusal::kTokenSubject, "the token's kubernetes.io service account differs from its subject");
    }
  }
  RK_TRY(const json* pod, Inner(*kubernetes, "pod"));
  if (pod != nullptr) {
    RK_TRY(claims.pod, OptionalName(*pod, "name", "kubernetes.io pod name"));
    RK_TRY(claims.pod_uid, OptionalName(*pod, "uid", "kubernetes.io pod uid"));
  }
  RK_TRY(const json* node, Inner(*kubernetes, "node"));
  if (node != nullptr) {
    RK_TRY(claims.node, OptionalName(*node, "name", "kubernetes.io node name"));
  }
  return Ok();
}

}  // namespace

Result<std::string> ReadIssuer(const json& payload) {
  const auto iss = payload.find("iss");
  if (iss == payload.end() || !iss->is_string()) return Refusal(refusal::kTokenIssuer, "the token names no issuer");
  return iss->get<std::string>();
}

Result<Claims> ReadClaims(const json& payload) {
  Claims claims;
  RK_TRY(const auto expires, OptionalTime(payload, "exp"));
  if (!expires) return Malformed("exp", "is missing");
  claims.expires = *expires;
  RK_TRY(claims.not_before, OptionalTime(payload, "nbf"));
  RK_TRY(claims.issued_at, OptionalTime(payload, "iat"));
  RK_TRY(claims.audiences, ReadAudiences(payload));
  RK_RETURN_IF_ERROR(ReadSubject(payload, claims));
  RK_RETURN_IF_ERROR(ReadKubernetes(payload, claims));
  const auto jti = payload.find("jti");
  if (jti != payload.end() && jti->is_string()) {
    const auto& id = jti->get_ref<const std::string&>();
    if (id.size() <= kMaxId && IsVisibleAscii(id)) claims.id = id;
  }
  return claims;
}

Status CheckTimes(const Claims& claims, WallTime now, std::chrono::seconds skew) {
  const std::int64_t seconds = ToUnixSeconds(now);
  if (seconds >= claims.expires) {
    return Refusal(refusal::kTokenExpired,
                   fmt::format("the token expired at {}", ToRfc3339(FromUnixSeconds(claims.expires))));
  }
  const std::int64_t latest = std::max(claims.not_before.value_or(0), claims.issued_at.value_or(0));
  if (latest > seconds + skew.count()) {
    return Refusal(refusal::kTokenNotYetValid,
                   fmt::format("the token is valid from {} only", ToRfc3339(FromUnixSeconds(latest))));
  }
  return Ok();
}

}  // namespace rootkeep::jose
