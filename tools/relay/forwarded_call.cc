#include "tools/relay/forwarded_call.h"

#include <algorithm>
#include <utility>

#include "keystore/base/error.h"
#include "keystore/base/guard.h"
#include "tools/relay/metadata.h"

namespace rootkeep::relay {
namespace {

constexpr char kNoMemory[] = "the relay is short of memory";
constexpr std::chrono::seconds kGrace{1};  // for the answer that a call gets when its time is over

std::string_view NameOf(grpc::StatusCode code) {
  const auto number = static_cast<int>(code);
  if (number == 0) return "OK";
  return CodeName(number <= static_cast<int>(Code::kUnauthenticated) ? static_cast<Code>(number) : Code::kUnknown);
}

}  // namespace

ForwardedCall::ForwardedCall(grpc::GenericCallbackServerContext& context, CallParts parts)
    : context_(context), parts_(std::move(parts)), limit_(context, came_at_ + parts_.longest + kGrace) {
  StartRead(&request_);
}

void ForwardedCall::OnReadDone(bool ok) {
  if (!ok) return Refuse(grpc::StatusCode::INVALID_ARGUMENT, "the call has no message");
  const bool sent = RunGuarded("relay_exception", [this] { Send(); });
  if (!sent) Refuse(grpc::StatusCode::UNAVAILABLE, kNoMemory);
}

void ForwardedCall::Send() {
  place_ = parts_.take_place();
  if (place_ == nullptr) return Refuse(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many requests, try again");
  const auto metadata = PassedOn(context_.client_metadata());
  if (!metadata.ok()) return Refuse(grpc::StatusCode::INVALID_ARGUMENT, metadata.error().message().c_str());
  for (const auto& [name, value] : *metadata) to_ca_.AddMetadata(name, value);
  to_ca_.set_deadline(std::min(context_.deadline(), came_at_ + parts_.longest));
  parts_.stub->UnaryCall(&to_ca_, context_.method(), grpc::StubOptions(), &request_, &response_,
                         [this](const grpc::Status& status) { OnAnswer(status); });
}

void ForwardedCall::OnAnswer(const grpc::Status& status) {
  place_.reset();
  if (RanOutOfTime(status)) return Refuse(grpc::StatusCode::UNAVAILABLE, "the CA did not answer in time");
  grpc::Status answer;
  const bool copied = RunGuarded("relay_exception", [&] { answer = status; });
  if (!copied || !CopyMetadata()) return Refuse(grpc::StatusCode::UNAVAILABLE, kNoMemory);
  Tell(status.error_code(), CaAnswered(status) ? "ca" : "relay");
  if (!status.ok()) return Finish(std::move(answer));
  StartWriteAndFinish(&response_, grpc::WriteOptions(), std::move(answer));
}

bool ForwardedCall::CopyMetadata() {
  return RunGuarded("relay_exception", [this] {
    const auto initial = PassedOn(to_ca_.GetServerInitialMetadata());
    const auto trailing = PassedOn(to_ca_.GetServerTrailingMetadata());
    if (!initial.ok() || !trailing.ok()) return;
    for (const auto& [name, value] : *initial) context_.AddInitialMetadata(name, value);
    for (const auto& [name, value] : *trailing) context_.AddTrailingMetadata(name, value);
  });
}

// Of the relay's own limit, rather than of the client's, and not by the CA's word.
bool ForwardedCall::RanOutOfTime(const grpc::Status& status) const {
  return status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
         came_at_ + parts_.longest < context_.deadline() && !CaAnswered(status);
}

// What gRPC itself says of a CA that is away has no metadata of the CA's.
bool ForwardedCall::CaAnswered(const grpc::Status& status) const {
  return status.ok() || !to_ca_.GetServerTrailingMetadata().empty();
}

void ForwardedCall::Refuse(grpc::StatusCode code, const char* message) noexcept {
  Tell(code, "relay");
  grpc::Status status(code, {});
  RunGuarded("relay_exception", [&] { status = grpc::Status(code, message); });
  Finish(std::move(status));
}

void ForwardedCall::Tell(grpc::StatusCode code, std::string_view by) const noexcept {
  RunGuarded("relay_exception", [&] {
    AnsweredCall call{.code = NameOf(code), .by = by, .peer = context_.peer()};
    const auto& trailing = to_ca_.GetServerTrailingMetadata();
    if (const auto id = trailing.find("x-request-id"); by == "ca" && id != trailing.end()) {
      call.request_id.assign(id->second.data(), id->second.size());
    }
    call.took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now() - came_at_);
    parts_.observer.Answered(call);
  });
}

}  // namespace rootkeep::relay
