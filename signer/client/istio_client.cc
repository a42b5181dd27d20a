#include "signer/client/istio_client.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <string_view>

#include "keystore/base/random.h"
#include "proto/istio/ca.grpc.pb.h"

namespace rootkeep {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;
using istio::v1::auth::IstioCertificateService;

IstioCertificateRequest MakeRequest(const std::string& csr_pem, std::int64_t ttl_seconds,
                                    const std::string& impersonated) {
  IstioCertificateRequest request;
  request.set_csr(csr_pem);
  request.set_validity_duration(ttl_seconds);
  if (!impersonated.empty()) {
    (*request.mutable_metadata()->mutable_fields())["ImpersonatedIdentity"].set_string_value(impersonated);
  }
  return request;
}

std::string RequestId(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find("x-request-id");
  return found == metadata.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

// False when the stop came first.
bool Sleep(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::condition_variable_any wake;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

// In [0, 1]; the middle when there is no randomness, which only makes the wait less random.
double RandomFraction() {
  std::array<std::uint8_t, 1> octet{128};
  return FillRandom(octet).ok() ? octet[0] / 255.0 : 0.5;
}

Error Describe(const grpc::Status& status, const std::string& request_id, const std::string& address) {
  Error error = FromGrpc("CreateCertificate", status);
  if (!request_id.empty()) {
    return std::move(error).WithHint(
        fmt::format("the exact reason is in the server's log under request_id {}", request_id));
  }
  if (error.code() == Code::kUnavailable) {
    return std::move(error).WithHint(fmt::format(
        "is a server listening at {}, and do its certificate's name and issuer match what was given here?", address));
  }
  return error;
}

// gRPC ends the process over any other octet in a header.
Status CheckHeader(std::string_view what, std::string_view value) {
  const bool sendable = std::ranges::all_of(value, [](unsigned char octet) { return octet >= 0x20 && octet <= 0x7e; });
  if (sendable) return Ok();
  return InvalidArgument(fmt::format("the {} holds an octet that is not printable ASCII", what));
}

}  // namespace

struct IstioClient::Impl {
  IstioClientOptions options;
  std::unique_ptr<IstioCertificateService::Stub> stub;

  void AddCredentials(grpc::ClientContext& context) const {
    if (!options.bearer_token.empty()) {
      context.AddMetadata("authorization", fmt::format("Bearer {}", AsText(options.bearer_token.RevealForUse())));
    }
    if (!options.cluster_id.empty()) context.AddMetadata("clusterid", options.cluster_id);
    if (!options.key_evidence.empty()) context.AddMetadata("rootkeep-key-evidence-bin", options.key_evidence);
  }

  Result<Answer> Try(const IstioCertificateRequest& request, Deadline deadline) const {
    grpc::ClientContext context;
    const std::stop_callback cancel(options.stop, [&context] { context.TryCancel(); });
    SetDeadline(context, deadline);
    AddCredentials(context);
    IstioCertificateResponse response;
    const grpc::Status status = stub->CreateCertificate(&context, request, &response);
    std::string request_id = RequestId(context);
    if (!status.ok()) return Describe(status, request_id, options.channel.address);
    if (response.cert_chain_size() < 2) {
      return Error(Code::kDataLoss, fmt::format("CreateCertificate: the answer has {} elements, want at least 2",
                                                response.cert_chain_size()));
    }
    return Answer{.cert_chain = {response.cert_chain().begin(), response.cert_chain().end()},
                  .request_id = std::move(request_id)};
  }
};

IstioClient::IstioClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IstioClient::~IstioClient() = default;

Result<std::unique_ptr<IstioClient>> IstioClient::Make(IstioClientOptions options) {
  RK_RETURN_IF_ERROR(CheckHeader("bearer token", AsText(options.bearer_token.RevealForUse())));
  RK_RETURN_IF_ERROR(CheckHeader("cluster id", options.cluster_id));
  RK_TRY(auto channel, OpenChannel(options.channel));
  auto impl = std::make_unique<Impl>();
  impl->options = std::move(options);
  impl->stub = IstioCertificateService::NewStub(channel);
  return std::unique_ptr<IstioClient>(new IstioClient(std::move(impl)));
}

Result<IstioClient::Answer> IstioClient::CreateCertificate(const std::string& csr_pem, std::int64_t ttl_seconds,
                                                           const std::string& impersonated) const {
  const IstioCertificateRequest request = MakeRequest(csr_pem, ttl_seconds, impersonated);
  const RetryPolicy& retry = impl_->options.retry;
  const Deadline deadline = After(impl_->options.deadline);
  for (unsigned attempt = 1;; ++attempt) {
    Result<Answer> answer = impl_->Try(request, deadline);
    if (answer.ok()) {
      answer->attempts = attempt;
      return answer;
    }
    const auto wait = WaitAfter(retry, attempt, RandomFraction());
    if (attempt >= retry.attempts || !WorthRetrying(answer.error().code()) || After(wait) >= deadline) return answer;
    if (!Sleep(wait, impl_->options.stop)) return answer;
  }
}

}  // namespace rootkeep
