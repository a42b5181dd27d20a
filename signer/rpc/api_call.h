// One call of Rootkeep's own API with one answer: who calls is known before anything else is done.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "keystore/base/guard.h"
#include "signer/metrics/metrics.h"
#include "signer/node/workers.h"
#include "signer/rpc/api_callers.h"
#include "signer/rpc/api_refusal.h"
#include "signer/rpc/request_id.h"
#include "signer/rpc/unary_call.h"

namespace rootkeep {

// What all services of this API are made of. All outlive them; `workers` end after the server and before them.
struct ApiParts {
  const ApiCallers& callers;
  Workers& workers;  // for what blocks
  Metrics& metrics;
};

// Derive, and start as a UnaryCall.
template <typename Request, typename Response>
class ApiCall : public UnaryCall<Request, Response> {
 protected:
  // `method` is a literal.
  ApiCall(const CallQueue& queue, const ApiParts& parts, std::string_view method)
      : UnaryCall<Request, Response>(queue), parts_(parts), method_(method) {}

  // A caller that the configuration knows has come; on a polling thread. Ends in Answer or Refuse, once, on any thread;
  // what it throws is a refusal.
  virtual void Work(const Peer& peer) = 0;

  [[nodiscard]] const KnownCaller& known() const { return known_; }
  [[nodiscard]] const std::string& request_id() const { return request_id_; }
  // As records have the caller.
  [[nodiscard]] std::string by() const { return Describe(known_.caller.identities); }

  // PERMISSION_DENIED with reason "trust_domain" unless `asked` is empty or the caller's own, which it returns.
  [[nodiscard]] Result<std::string> TrustDomain(const std::string& asked) const {
    if (asked.empty() || asked == known_.entry.trust_domain) return known_.entry.trust_domain;
    return PermissionDenied("another trust domain than the caller's").WithReason("trust_domain");
  }

  // With what is in response().
  void Answer() {
    if (answered_.exchange(true)) return;
    parts_.metrics.CountApiCall(method_, "OK");
    this->Finish();
  }
  void Refuse(const Error& error) {
    if (answered_.exchange(true)) return;
    grpc::Status status(grpc::StatusCode::UNAVAILABLE, {});
    RunGuarded("rpc_exception", [&] {
      status = RefuseApiCall(error, {method_, request_id_, known_.entry.name, peer_}, this->context(), parts_.metrics);
    });
    this->FinishWithError(status);
  }
  // `work` gives OK when response() is filled. By a worker, while this call lives on.
  void ByWorker(std::function<Status()> work) {
    const auto self = std::static_pointer_cast<ApiCall>(this->shared_from_this());
    const bool taken = parts_.workers.Post([self, work = std::move(work)] { self->Guarded(work); });
    if (!taken) Refuse(ResourceExhausted("too much waits for a worker").WithReason("workers"));
  }

  // Answers the call with what `step` put into response(), or refuses it with the error that `step` gives. Nothing of
  // ours throws; what a library threw (out of memory, say) ends this call and not the process.
  template <typename Step>
  void Guarded(const Step& step) {
    RefuseOnError([&]() -> Status {
      RK_RETURN_IF_ERROR(step());
      Answer();
      return Ok();
    });
  }

 private:
  void Handle() final {
    RefuseOnError([this]() -> Status {
      this->context().AddTrailingMetadata(kRequestIdHeader, request_id_);
      const Peer peer(this->context());
      peer_ = peer.address();
      RK_TRY(known_, parts_.callers.Recognise(peer));
      Work(peer);
      return Ok();
    });
  }

  template <typename Step>
  void RefuseOnError(const Step& step) {
    try {
      if (const Status done = step(); !done.ok()) Refuse(done.error());
    } catch (...) {
      // So short that no memory is needed for it.
      Refuse(Unavailable("exception").WithReason("exception"));
    }
  }

  const ApiParts& parts_;
  const std::string_view method_;
  const std::string request_id_ = NewRequestId();
  KnownCaller known_;
  std::string peer_;
  std::atomic<bool> answered_ = false;
};

}  // namespace rootkeep
