#include "providers/spire/upstreamauthority/service.h"

#include <utility>

#include "providers/spire/plugin/answer.h"
#include "providers/spire/upstreamauthority/follow.h"

namespace rootkeep::spire {
namespace {

using upstreamauthority::MintX509CARequest;
using upstreamauthority::MintX509CAResponse;
using upstreamauthority::PublishJWTKeyRequest;
using upstreamauthority::PublishJWTKeyResponse;
using upstreamauthority::SubscribeToLocalBundleRequest;
using upstreamauthority::SubscribeToLocalBundleResponse;

constexpr std::size_t kMaxCsr = std::size_t{64} * 1024;
constexpr std::size_t kMaxKey = std::size_t{16} * 1024;
constexpr std::size_t kMaxKeyId = 256;

Status Check(const MintX509CARequest& request) {
  if (request.csr().empty()) return InvalidArgument("the CSR is empty");
  if (request.csr().size() > kMaxCsr) return InvalidArgument("the CSR has more than 64 KiB");
  if (request.preferred_ttl() < 0) return InvalidArgument("preferred_ttl is negative");
  return Ok();
}

Status Check(const ::spire::plugin::types::JWTKey& key) {
  if (key.key_id().empty() || key.key_id().size() > kMaxKeyId) {
    return InvalidArgument("the JWT key's id is empty or has more than 256 octets");
  }
  if (key.public_key().empty() || key.public_key().size() > kMaxKey) {
    return InvalidArgument("the JWT key is empty or has more than 16 KiB");
  }
  return Ok();
}

// SPIRE logs an error too, but not what was answered.
template <typename T>
void Note(const char* failed, const Result<T>& answer) {
  if (!answer.ok()) log::Warning(failed, {{"detail", answer.error().ToString()}});
}

}  // namespace

Status UpstreamAuthorityService::Configure(const std::string& trust_domain, hcl::Section& section) {
  RK_TRY(Settings settings, ReadSettings(trust_domain, section));
  RK_TRY(const std::shared_ptr<Upstream> upstream, Upstream::Make(std::move(settings), feed_));
  const MutexLock lock(configuring_);
  const auto before = Configured();
  if (before.ok()) (*before)->StopWatching();  // two daemons would contradict each other
  Status watching = upstream->Watch();
  if (watching.ok()) {
    Swap(upstream);
  } else if (before.ok()) {
    (void)(*before)->Watch();
  }
  return watching;
}

Status UpstreamAuthorityService::Validate(const std::string& trust_domain, hcl::Section& section) {
  RK_TRY(Settings settings, ReadSettings(trust_domain, section));
  RK_RETURN_IF_ERROR(Upstream::Make(std::move(settings), feed_));
  return Ok();
}

void UpstreamAuthorityService::Deinit() {
  feed_.Close();
  const MutexLock lock(configuring_);
  if (const auto last = Swap(nullptr); last != nullptr) last->StopWatching();
}

std::shared_ptr<Upstream> UpstreamAuthorityService::Swap(std::shared_ptr<Upstream> upstream) {
  const MutexLock lock(mutex_);
  return std::exchange(upstream_, std::move(upstream));
}

Result<std::shared_ptr<Upstream>> UpstreamAuthorityService::Configured() const {
  const MutexLock lock(mutex_);
  if (upstream_ == nullptr) return FailedPrecondition("not configured");
  return upstream_;
}

Result<v1::SignCertificateResponse> UpstreamAuthorityService::Sign(const MintX509CARequest& request,
                                                                   const grpc::ServerContext& context) {
  RK_TRY(const auto upstream, Configured());
  RK_RETURN_IF_ERROR(Check(request));
  const BundlePtr before = feed_.Current();
  auto answer = upstream->SignCa(request.csr(), request.preferred_ttl(), context);
  if (!answer.ok()) return answer;
  log::Info("spire.minted", {{"chain", answer->chain_size()}, {"bundle_sequence", answer->trust_bundle().sequence()}});
  const bool same_taint = SameTaint(before == nullptr ? v1::TrustBundle() : *before, answer->trust_bundle());
  if (!same_taint && feed_.HasLocalSubscription()) feed_.Pause(After(BundleFeed::kTakenIn));
  return answer;
}

grpc::Status UpstreamAuthorityService::MintX509CAAndSubscribe(grpc::ServerContext* context,
                                                              const MintX509CARequest* request,
                                                              grpc::ServerWriter<MintX509CAResponse>* writer) {
  return Answer([&]() -> Status {
    const BundlePtr seen = feed_.Current();
    const auto answer = Sign(*request, *context);
    Note("spire.mint_failed", answer);
    if (!answer.ok()) return answer.error();
    const MintX509CAResponse roots = ToMintResponse(answer->trust_bundle());
    MintX509CAResponse first = roots;
    for (const std::string& certificate : answer->chain()) first.add_x509_ca_chain()->set_asn1(certificate);
    writer->Write(first);
    Follow(feed_, *context, *writer, seen, roots, ToMintResponse, RootsOfMint(feed_, answer->trust_bundle()));
    return Ok();
  });
}

grpc::Status UpstreamAuthorityService::PublishJWTKeyAndSubscribe(grpc::ServerContext* context,
                                                                 const PublishJWTKeyRequest* request,
                                                                 grpc::ServerWriter<PublishJWTKeyResponse>* writer) {
  return Answer([&]() -> Status {
    RK_TRY(const auto upstream, Configured());
    RK_RETURN_IF_ERROR(Check(request->jwt_key()));
    const BundlePtr seen = feed_.Current();
    const auto answer = upstream->PublishJwtKey(FromSpire(request->jwt_key()), *context);
    Note("spire.jwt_key_not_published", answer);
    if (!answer.ok()) return answer.error();
    const PublishJWTKeyResponse first = ToPublishResponse(answer->trust_bundle());
    writer->Write(first);
    Follow(feed_, *context, *writer, seen, first, ToPublishResponse, Alone());
    return Ok();
  });
}

grpc::Status UpstreamAuthorityService::SubscribeToLocalBundle(
    grpc::ServerContext* context, const SubscribeToLocalBundleRequest* /*request*/,
    grpc::ServerWriter<SubscribeToLocalBundleResponse>* writer) {
  return Answer([&]() -> Status {
    RK_RETURN_IF_ERROR(Configured());
    const BundleFeed::LocalSubscription subscription(feed_);
    log::Info("spire.local_bundle_subscribed");
    Follow(feed_, *context, *writer, nullptr, SubscribeToLocalBundleResponse(), ToLocalBundle, LocalBundle(feed_));
    return Ok();
  });
}

}  // namespace rootkeep::spire
