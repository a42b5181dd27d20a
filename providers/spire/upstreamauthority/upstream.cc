#include "providers/spire/upstreamauthority/upstream.h"

#include <fmt/format.h>

#include <algorithm>

namespace rootkeep::spire {
namespace {

constexpr const char* kProfile = "foreign-ca";
constexpr std::chrono::seconds kSignLimit{10};
constexpr std::chrono::seconds kPublishLimit{4};
constexpr std::chrono::seconds kRestartOfDaemon{2};
constexpr std::chrono::milliseconds kBetweenAttempts{100};

}  // namespace

Result<std::unique_ptr<Upstream>> Upstream::Make(Settings settings, BundleFeed& feed) {
  RK_TRY(auto client, CaClient::Make(settings.connection));
  return std::unique_ptr<Upstream>(new Upstream(std::move(settings), feed, std::move(client)));
}

Status Upstream::Watch() {
  RK_TRY(watch_, BundleWatch::Start(*client_, settings_.trust_domain, feed_, [this] { answered_ = true; }));
  return Ok();
}

template <typename Call>
auto Upstream::Ask(std::chrono::milliseconds limit, std::chrono::milliseconds longest_wait,
                   const grpc::ServerContext& within, Call call) -> decltype(call(Deadline())) {
  const std::chrono::milliseconds wait =
      answered_ ? kRestartOfDaemon : std::min(settings_.wait_for_daemon, longest_wait);
  const Deadline wait_until = After(wait);
  const Deadline end = wait > limit ? wait_until + limit : After(limit);
  while (true) {
    auto answer = call(std::min(After(limit), end));
    if (answer.ok()) {
      answered_ = true;
      return answer;
    }
    Error error = std::move(answer).error();
    if (error.code() == Code::kDeadlineExceeded && !within.IsCancelled()) {
      return std::move(error).WithCode(Code::kUnavailable);
    }
    const Deadline next = After(kBetweenAttempts);
    if (error.code() != Code::kUnavailable || next >= wait_until) return error;
    feed_.Pause(next);
    if (feed_.closed() || within.IsCancelled()) return error;
  }
}

Result<v1::SignCertificateResponse> Upstream::SignCa(const std::string& csr, std::int32_t ttl_seconds,
                                                     const grpc::ServerContext& within) {
  v1::SignCertificateRequest request;
  request.set_csr(csr);
  request.set_profile(kProfile);
  request.set_ttl_seconds(ttl_seconds);
  request.set_trust_domain(settings_.trust_domain);
  auto answer = Ask(kSignLimit, settings_.wait_for_daemon, within,
                    [&](Deadline deadline) { return client_->SignCertificate(request, deadline, &within); });
  if (answer.ok()) feed_.Offer(answer->trust_bundle());
  return answer;
}

Result<v1::PublishJwtKeyResponse> Upstream::PublishJwtKey(v1::JwtKey key, const grpc::ServerContext& within) {
  v1::PublishJwtKeyRequest request;
  *request.mutable_key() = std::move(key);
  request.set_trust_domain(settings_.trust_domain);
  auto answer = Ask(kPublishLimit, kPublishLimit, within,
                    [&](Deadline deadline) { return client_->PublishJwtKey(request, deadline, &within); });
  if (answer.ok()) feed_.Offer(answer->trust_bundle());
  return answer;
}

}  // namespace rootkeep::spire
