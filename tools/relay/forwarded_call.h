// One call on its way to the CA and back.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>

#include <chrono>
#include <functional>
#include <memory>

#include "tools/relay/call_limit.h"
#include "tools/relay/observer.h"

namespace rootkeep::relay {

// What a call needs; kept until it has ended.
struct CallParts {
  std::shared_ptr<grpc::GenericStub> stub;
  std::chrono::milliseconds longest;
  // Among the calls under way, kept until this one has ended; null when all are taken. May throw bad_alloc.
  std::function<std::shared_ptr<void>()> take_place;
  Observer& observer;  // told once
};

// Takes one message and passes on its octets, the metadata (metadata.h) and the deadline, never more than `longest`;
// gives back the answer's octets, status with details, and metadata. Cancels when the client does. Where the CA cannot
// be reached, or did not answer within `longest`, the answer is UNAVAILABLE. Whatever the client does, the call ends a
// second later. Deletes itself at its end.
class ForwardedCall final : public grpc::ServerGenericBidiReactor {
 public:
  ForwardedCall(grpc::GenericCallbackServerContext& context, CallParts parts);

 private:
  void OnReadDone(bool ok) override;
  void OnCancel() override { to_ca_.TryCancel(); }
  void OnDone() override { delete this; }

  void Send();
  void OnAnswer(const grpc::Status& status);
  // False when there is no memory for it, or the CA sent what cannot be passed on.
  [[nodiscard]] bool CopyMetadata();
  [[nodiscard]] bool RanOutOfTime(const grpc::Status& status) const;
  [[nodiscard]] bool CaAnswered(const grpc::Status& status) const;
  // Also where memory is short: a call that is not finished would never end.
  void Refuse(grpc::StatusCode code, const char* message) noexcept;
  // Before the end is begun: this object may be gone after it.
  void Tell(grpc::StatusCode code, std::string_view by) const noexcept;

  grpc::GenericCallbackServerContext& context_;
  const CallParts parts_;
  const std::chrono::system_clock::time_point came_at_ = std::chrono::system_clock::now();
  // From when the message has come until the CA has answered: who says or takes nothing keeps nobody out.
  std::shared_ptr<void> place_;
  grpc::ClientContext to_ca_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer response_;
  const CallLimit limit_;
};

}  // namespace rootkeep::relay
