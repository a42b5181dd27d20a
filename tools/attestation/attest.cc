#include "tools/attestation/attest.h"

#include <fmt/format.h>

#include <algorithm>

#include "tools/attestation/attestation_stream.h"
#include "tools/attestation/messages.h"

namespace rootkeep {
namespace {

using attestation::AttestChallenge;
using attestation::Attester;
using attestation::AttestEvidence;
using attestation::AttestInit;

constexpr int kTries = 3;
constexpr std::size_t kBootLogPart = std::size_t{128} * 1024;

Error NotOfThisProtocol(std::string_view what) {
  return Error(Code::kDataLoss, fmt::format("Attest: the service's answer {}", what));
}

Status SendInit(AttestationStream& stream, const AttestInit& init) {
  v1::AttestRequest request;
  *request.mutable_init() = ToProto(init, stream.server_identity());
  return stream.Send(request);
}

Result<AttestChallenge> ReceiveChallenge(AttestationStream& stream) {
  RK_TRY(const v1::AttestResponse response, stream.Receive());
  if (!response.has_challenge()) return NotOfThisProtocol("is no challenge");
  return FromProto(response.challenge());
}

Status SendEvidence(AttestationStream& stream, const AttestEvidence& evidence) {
  v1::AttestRequest request;
  for (ByteView log = evidence.boot_log; !log.empty();) {
    const ByteView part = log.first(std::min(kBootLogPart, log.size()));
    request.set_boot_log_part(part.data(), part.size());
    RK_RETURN_IF_ERROR(stream.Send(request));
    log = log.subspan(part.size());
  }
  *request.mutable_evidence() = ToProto(evidence);
  return stream.Send(request);
}

Result<v1::AttestResult> ReceiveResult(AttestationStream& stream) {
  RK_TRY(v1::AttestResponse response, stream.Receive());
  if (!response.has_result()) return NotOfThisProtocol("is no result");
  RK_RETURN_IF_ERROR(stream.Finish());
  return std::move(*response.mutable_result());
}

Status CheckNotStopped(const std::stop_token& stop) {
  return stop.stop_requested() ? Status(Error(Code::kCancelled, "Attest: stopped")) : Ok();
}

Result<v1::AttestResult> AttestOnce(const ChannelOptions& service, const Attester& attester,
                                    const AttestationOrder& order, Deadline deadline) {
  RK_RETURN_IF_ERROR(CheckNotStopped(order.stop));
  // Before the connection is made: the service waits for nobody's TPM to make keys.
  RK_TRY(const AttestInit init, attester.Begin(order.node_id, order.key, order.csr, deadline));
  RK_RETURN_IF_ERROR(CheckNotStopped(order.stop));
  RK_TRY(const auto channel, OpenChannel(service));
  RK_TRY(const auto stream, AttestationStream::Open(channel, deadline, order.stop));
  RK_RETURN_IF_ERROR(SendInit(*stream, init));
  RK_TRY(const AttestChallenge challenge, ReceiveChallenge(*stream));
  RK_TRY(const AttestEvidence evidence,
         attester.Answer(init, challenge, stream->server_identity(), order.key, deadline));
  RK_RETURN_IF_ERROR(SendEvidence(*stream, evidence));
  return ReceiveResult(*stream);
}

Result<NodeCertificate> CertificateIn(v1::AttestResult& result) {
  if (result.certificate_chain().empty() || result.trust_bundle().empty()) {
    return NotOfThisProtocol("has no certificate or no trust bundle");
  }
  NodeCertificate out{.elements = {},
                      .next_attest_by = FromUnixSeconds(result.next_attest_by()),
                      .attestation_id = result.attestation_id(),
                      .node_id = result.node_id(),
                      .spiffe_id = result.spiffe_id()};
  for (std::string& certificate : *result.mutable_certificate_chain()) out.elements.push_back(std::move(certificate));
  out.elements.push_back(std::move(*result.mutable_trust_bundle()));
  return out;
}

// For a log: the service's words are no more than that.
std::string OnTheRecord(const v1::AttestResult& result) {
  std::string id = result.attestation_id().substr(0, 64);
  std::erase_if(id, [](char c) { return c < 0x20 || c > 0x7e; });
  return fmt::format("the service's record has it as attestation {}", id);
}

Error Held(const v1::AttestResult& result) {
  std::string what = "the node, its TPM or its state";
  if (result.reason() == "enrolment") what = "this node, which is new to it";
  if (result.reason() == "binding") what = "the TPM, which is not the one that this node had";
  if (result.reason() == "learning") what = "the PCR values, which its policy is still learning";
  return FailedPrecondition("the evidence is right, but an operator has to approve " + what)
      .WithReason("held")
      .WithHint(OnTheRecord(result));
}

}  // namespace

Result<NodeCertificate> Attest(const ChannelOptions& service, const Attester& attester, const AttestationOrder& order,
                               Deadline deadline) {
  for (int i = 0; i < kTries; ++i) {
    RK_TRY(v1::AttestResult result, AttestOnce(service, attester, order, deadline));
    switch (result.verdict()) {
      case v1::VERDICT_ATTESTED: return CertificateIn(result);
      case v1::VERDICT_HELD: return Held(result);
      case v1::VERDICT_REFUSED:
        return Error(Code::kPermissionDenied, "the service refused this node's evidence")
            .WithReason("refused")
            .WithHint(OnTheRecord(result));
      case v1::VERDICT_REPEAT: continue;
      default: return NotOfThisProtocol("has no verdict that is known here");
    }
  }
  return Error(Code::kAborted, fmt::format("the TPM was restarted during each of {} attestations", kTries))
      .WithReason("repeat");
}

}  // namespace rootkeep
