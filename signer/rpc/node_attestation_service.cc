#include "signer/rpc/node_attestation_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "keystore/base/log.h"
#include "signer/rpc/exchange.h"
#include "signer/rpc/node_messages.h"
#include "signer/rpc/peer.h"
#include "signer/rpc/request_id.h"
#include "signer/rpc/status.h"

namespace rootkeep {
namespace {

constexpr int kWaiting = 16;  // streams asked for in advance on each queue
constexpr std::size_t kMaxPart = std::size_t{128} << 10;

using Kind = NodeVerdict::Kind;

v1::Verdict ToProto(Kind kind) {
  switch (kind) {
    case Kind::kAttested: return v1::VERDICT_ATTESTED;
    case Kind::kHeld: return v1::VERDICT_HELD;
    case Kind::kRefused: return v1::VERDICT_REFUSED;
    case Kind::kRepeat: return v1::VERDICT_REPEAT;
  }
  return v1::VERDICT_UNSPECIFIED;
}

Error Unexpected(std::string message) { return InvalidArgument(std::move(message)).WithReason("message"); }

}  // namespace

// Handed from polling thread to worker to issuer and back: one of them has it at a time.
class NodeAttestationService::Stream final : public Exchange<v1::AttestRequest, v1::AttestResponse> {
 public:
  Stream(NodeAttestationService& door, const CallQueue& queue) : Exchange(queue), door_(door) {}

 private:
  void Ask(void* tag) override {
    door_.service_.RequestAttest(&context(), &stream(), calls().queue, calls().queue, tag);
  }
  void Replace() override { Wait<Stream>(door_, calls()); }
  void OnException() override { Refuse(Unavailable("exception").WithReason("exception")); }

  void OnCall() override {
    context().AddTrailingMetadata(kRequestIdHeader, request_id_);
    const Peer peer(context());
    peer_ = peer.address();
    if (!peer.encrypted()) return Refuse(Unauthenticated("not a TLS connection").WithReason("plaintext"));
    StartTimer(std::chrono::system_clock::now() + door_.options_.first_message_within,
               {grpc::StatusCode::ABORTED, "no first message in time"});
    Receive();
  }

  void OnMessage(v1::AttestRequest& message) override {
    if (message.has_boot_log_part() && challenged_ && attempt_->challenge().want_boot_log) {
      return TakePart(message.boot_log_part());
    }
    StopTimer();
    if (!challenged_ && message.has_init()) return Begin(std::move(*message.mutable_init()));
    if (challenged_ && message.has_evidence()) return Judge(std::move(*message.mutable_evidence()));
    Refuse(Unexpected("another message was due"));
  }

  void OnSent() override {
    challenged_ = true;
    StartTimer(std::chrono::system_clock::from_time_t(attempt_->challenge().deadline),
               {grpc::StatusCode::ABORTED, "no evidence in time"});
    Receive();
  }

  void TakePart(const std::string& part) {
    if (part.size() > kMaxPart || boot_log_.size() + part.size() > attestation::kMaxBootLogSize) {
      return Refuse(Unexpected("the boot log is too large"));
    }
    if (room_ == nullptr) room_ = door_.boot_logs_.Open(NetworkOf(peer_), !attempt_->known());
    if (const Status added = room_->Add(part.size()); !added.ok()) return Refuse(added.error());
    const ByteView octets = AsBytes(part);
    boot_log_.insert(boot_log_.end(), octets.begin(), octets.end());
    Receive();
  }

  void Begin(v1::AttestInit&& message) {
    NodeCall call{
        .peer = peer_, .request_id = request_id_, .server_identity = ToBytes(AsBytes(message.server_identity()))};
    if (!door_.options_.is_server_identity(call.server_identity)) {
      return Refuse(PermissionDenied("the node saw another certificate than ours").WithReason("server_identity"));
    }
    if (const Status may = door_.parts_.attestor.Arrive(peer_); !may.ok()) return Refuse(may.error());
    auto init = ToWire(std::move(message));
    if (!init.ok()) return Refuse(init.error());
    Work([this, init = *std::move(init), call = std::move(call)]() mutable {
      auto attempt = door_.parts_.attestor.Begin(std::move(init), std::move(call));
      if (!attempt.ok()) return Answer(attempt.error());
      attempt_ = *std::move(attempt);
      v1::AttestResponse response;
      *response.mutable_challenge() = ToProto(attempt_->challenge());
      Send(std::move(response));
    });
  }

  void Judge(v1::AttestEvidence&& message) {
    auto evidence = ToWire(std::move(message));
    if (!evidence.ok()) return Refuse(evidence.error());
    evidence->boot_log = std::exchange(boot_log_, {});
    Work([this, evidence = *std::move(evidence)]() mutable {
      attestation_id_ = attempt_->id();
      auto verdict = door_.parts_.attestor.Judge(std::move(attempt_), evidence);
      evidence.boot_log = Bytes();
      room_.reset();
      if (!verdict.ok()) return Answer(verdict.error());
      verdict_ = *std::move(verdict);
      if (verdict_.kind == Kind::kAttested) return Certify();
      SendLast(ResultOf());
    });
  }

  void Certify() {
    const auto self = std::static_pointer_cast<Stream>(shared_from_this());
    Issuer::Ask ask{.caller = verdict_.caller,
                    .request = verdict_.request,
                    .deadline = After(door_.options_.issue_within),
                    .done = [self](Result<Issued> issued) { self->Certified(std::move(issued)); }};
    door_.parts_.issuer.Issue({&ask, 1});
  }

  // On whichever thread the issuer answers.
  void Certified(Result<Issued> issued) {
    const bool ok = issued.ok();
    std::string serial = ok ? issued->serial : "";
    const WallTime not_after = ok ? issued->not_after : verdict_.until;
    if (!ok) {
      Refuse(issued.error());
    } else if (!RunGuarded("rpc_exception", [&] { Deliver(*std::move(issued)); })) {
      OnException();
    }
    const auto self = std::static_pointer_cast<Stream>(shared_from_this());
    door_.parts_.workers.PostAlways([self, serial = std::move(serial), not_after] {
      self->door_.parts_.attestor.Complete(self->verdict_, serial, not_after);
    });
  }

  void Deliver(Issued issued) {
    v1::AttestResponse response = ResultOf();
    v1::AttestResult& result = *response.mutable_result();
    result.add_certificate_chain(std::move(issued.leaf_pem));
    for (const std::string& element : issued.authority->chain_elements()) result.add_certificate_chain(element);
    result.set_trust_bundle(issued.authority->trust_bundle_pem());
    result.set_node_id(verdict_.caller.node);
    result.set_spiffe_id(verdict_.caller.identities.front().value);
    // Half way, as clients of certificates do.
    const std::int64_t now = ToUnixSeconds(std::chrono::system_clock::now());
    result.set_next_attest_by(now + std::max<std::int64_t>(0, ToUnixSeconds(issued.not_after) - now) / 2);
    SendLast(std::move(response));
  }

  [[nodiscard]] v1::AttestResponse ResultOf() const {
    v1::AttestResponse response;
    v1::AttestResult& result = *response.mutable_result();
    result.set_verdict(ToProto(verdict_.kind));
    if (verdict_.kind == Kind::kHeld) result.set_reason(verdict_.reason);
    result.set_attestation_id(attestation_id_);
    return response;
  }

  // By a worker, while this call lives on.
  template <typename Function>
  void Work(Function work) {
    const auto self = std::static_pointer_cast<Stream>(shared_from_this());
    // std::function wants to be copied; what works here is moved only.
    const auto shared = std::make_shared<Function>(std::move(work));
    const bool taken = door_.parts_.workers.Post([self, shared] {
      if (!RunGuarded("rpc_exception", *shared)) self->OnException();
    });
    if (!taken)
      Refuse(ResourceExhausted("too much waits for a worker")
                 .WithReason("workers")
                 .WithRetryAfter(std::chrono::seconds(1)));
  }

  // Before the attestor has had a word, or after it: it counts and logs its own refusals.
  void Refuse(const Error& error) {
    const auto without_line = attestation_id_.empty()
                                  ? door_.parts_.attestor.refusals().Admit(std::chrono::steady_clock::now())
                                  : std::optional<std::uint64_t>(0);
    if (without_line) {
      log::Warning("node_stream_refused", {{"request_id", request_id_},
                                           {"attestation", attestation_id_},
                                           {"reason", error.reason()},
                                           {"detail", error.ToString()},
                                           {"peer", peer_},
                                           {"others_not_logged", *without_line}});
    }
    door_.parts_.metrics.CountAttestation("refused", error.reason());
    Answer(error);
  }

  void Answer(const Error& error) {
    if (const auto wait = error.retry_after()) {
      context().AddTrailingMetadata(kRetryPushbackHeader, std::to_string(wait->count()));
    }
    End(NodeStatus(error));
  }

  NodeAttestationService& door_;
  const std::string request_id_ = NewRequestId();
  std::string peer_;
  bool challenged_ = false;
  Bytes boot_log_;
  std::unique_ptr<BootLogRoom::Share> room_;  // for the boot log, until it is judged
  std::unique_ptr<NodeAttempt> attempt_;
  std::string attestation_id_;
  NodeVerdict verdict_;
};

void NodeAttestationService::Await(const CallQueue& queue) {
  const CallQueue mine = queue.ForService();
  for (int i = 0; i < kWaiting; ++i) Stream::Wait<Stream>(*this, mine);
}

}  // namespace rootkeep
