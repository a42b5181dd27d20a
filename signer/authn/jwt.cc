#include "signer/authn/jwt.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "signer/authn/claims.h"
#include "signer/authn/jwk_set.h"
#include "signer/authn/jws.h"
#include "signer/authn/refusal.h"
#include "signer/spiffe_id.h"

namespace rootkeep {

struct JwtAuthenticator::Issuer {
  TokenIssuerConfig config;
  std::shared_ptr<jose::JwksSource> source;
};

struct JwtAuthenticator::Known {
  Caller caller;
  const Issuer* issuer = nullptr;
  std::int64_t expires = 0;      // seconds since the Unix epoch
  std::uint64_t generation = 0;  // of the keys that verified the token
};

namespace {

constexpr std::string_view kBearer = "Bearer ";

std::optional<std::string_view> BearerToken(std::span<const std::string_view> authorization) {
  for (const std::string_view value : authorization) {
    if (value.starts_with(kBearer)) return value.substr(kBearer.size());
  }
  return std::nullopt;
}

Status CheckCluster(const TokenIssuerConfig& issuer, std::string_view cluster_id) {
  if (MeansCluster(issuer, cluster_id)) return Ok();
  return Refusal(refusal::kClusterUnknown,
                 fmt::format("clusterid {:.64} is not the cluster of token issuer {}", cluster_id, issuer.name));
}

// What the issuer's configuration allows, before any key is touched.
Status CheckClaims(const TokenIssuerConfig& issuer, const jose::Claims& claims, WallTime now) {
  RK_RETURN_IF_ERROR(jose::CheckTimes(claims, now, issuer.clock_skew));
  const bool for_us = std::ranges::find_first_of(claims.audiences, issuer.audiences) != claims.audiences.end();
  if (!for_us) return Refusal(refusal::kTokenAudience, "the token is for none of the issuer's audiences");
  if (!MayNameNamespace(issuer, claims.ns)) {
    return Refusal(refusal::kTokenNamespace,
                   fmt::format("token issuer {} may not name namespace {}", issuer.name, claims.ns));
  }
  return Ok();
}

Result<std::uint64_t> CheckSignature(const TokenIssuerConfig& issuer, jose::JwksSource& source, const jose::Jws& jws) {
  const jose::KeySnapshot snapshot = source.Current();
  if (snapshot.keys == nullptr) {
    return Refusal(refusal::kJwksUnavailable, fmt::format("no keys of token issuer {} have arrived yet", issuer.name));
  }
  const auto key = snapshot.keys->Select(jws);
  if (!key.ok()) {
    if (key.error().reason() == refusal::kTokenKeyUnknown) source.RequestRefresh();
    return key.error();
  }
  RK_RETURN_IF_ERROR(jose::VerifyJws(jws, (*key)->key));
  return snapshot.generation;
}

Caller MakeCaller(const TokenIssuerConfig& issuer, const jose::Claims& claims, const Sha256Digest& digest) {
  const SpiffeId id{issuer.trust_domain, claims.ns, claims.service_account};
  Caller caller;
  caller.identities.push_back({GeneralName::Kind::kUri, id.ToUri()});
  caller.method = AuthMethod::kToken;
  caller.authenticator = issuer.name;
  caller.trust_domain = issuer.trust_domain;
  caller.cluster = issuer.cluster;
  caller.node = claims.node;
  caller.pod = claims.pod;
  caller.pod_uid = claims.pod_uid;
  caller.credential_id = claims.id.empty() ? ToHex(digest) : claims.id;
  return caller;
}

}  // namespace

JwtAuthenticator::JwtAuthenticator(std::vector<std::unique_ptr<Issuer>> issuers, const Clock& clock,
                                   std::size_t cache_capacity)
    : issuers_(std::move(issuers)), clock_(clock), cache_(cache_capacity) {}

JwtAuthenticator::~JwtAuthenticator() = default;

Result<std::unique_ptr<JwtAuthenticator>> JwtAuthenticator::Create(std::vector<TokenIssuerConfig> configs,
                                                                   jose::JwksRegistry& sources, const Clock& clock,
                                                                   std::size_t cache_capacity) {
  RK_RETURN_IF_ERROR(CheckTokenIssuers(configs));
  std::vector<std::unique_ptr<Issuer>> issuers;
  for (TokenIssuerConfig& config : configs) {
    auto source = sources.Get(config.name, config.jwks);
    issuers.push_back(std::make_unique<Issuer>(std::move(config), std::move(source)));
  }
  return std::unique_ptr<JwtAuthenticator>(new JwtAuthenticator(std::move(issuers), clock, cache_capacity));
}

Result<std::shared_ptr<const JwtAuthenticator::Known>> JwtAuthenticator::Verify(std::string_view token,
                                                                                std::string_view cluster_id,
                                                                                const Sha256Digest& digest) const {
  RK_TRY(const jose::Jws jws, jose::ParseJws(token));
  RK_TRY(const std::string iss, jose::ReadIssuer(jws.payload));
  const auto found = std::ranges::find_if(issuers_, [&](const auto& issuer) { return issuer->config.issuer == iss; });
  if (found == issuers_.end()) {
    return Refusal(refusal::kTokenIssuer, fmt::format("issuer {:.128} is not configured", iss));
  }
  const Issuer& issuer = **found;
  RK_RETURN_IF_ERROR(CheckCluster(issuer.config, cluster_id));
  RK_TRY(const jose::Claims claims, jose::ReadClaims(jws.payload));
  RK_RETURN_IF_ERROR(CheckClaims(issuer.config, claims, clock_.Now()));
  RK_TRY(const std::uint64_t generation, CheckSignature(issuer.config, *issuer.source, jws));
  return std::make_shared<const Known>(MakeCaller(issuer.config, claims, digest), &issuer, claims.expires, generation);
}

Result<Caller> JwtAuthenticator::Recognise(std::string_view token, std::string_view cluster_id) const {
  // Before hashing: a token over the limit was never remembered, and costs nothing to refuse.
  if (token.size() > jose::kMaxToken) return Refusal(refusal::kTokenTooLarge, "the token is larger than 16 KiB");
  RK_TRY(const Sha256Digest digest, Sha256(AsBytes(token)));
  if (const auto known = cache_.Find(digest)) {
    const bool fresh =
        ToUnixSeconds(clock_.Now()) < known->expires && known->generation == known->issuer->source->generation();
    if (fresh) {
      RK_RETURN_IF_ERROR(CheckCluster(known->issuer->config, cluster_id));
      return known->caller;
    }
    cache_.Erase(digest);
  }
  RK_TRY(auto known, Verify(token, cluster_id, digest));
  Caller caller = known->caller;
  cache_.Insert(digest, std::move(known));
  return caller;
}

AuthOutcome JwtAuthenticator::Authenticate(const CallContext& call) const {
  const auto token = BearerToken(call.authorization);
  if (!token) return NotMine{};
  auto caller = Recognise(*token, call.cluster_id);
  if (!caller.ok()) return caller.error();
  caller->peer = call.peer;
  return std::move(*caller);
}

std::vector<JwtAuthenticator::IssuerStatus> JwtAuthenticator::DescribeIssuers() const {
  std::vector<IssuerStatus> out;
  out.reserve(issuers_.size());
  for (const auto& issuer : issuers_) out.push_back({issuer->config.name, issuer->source->status()});
  return out;
}

}  // namespace rootkeep
