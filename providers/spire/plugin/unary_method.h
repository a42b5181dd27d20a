// Methods made of functions on protobuf messages.
#pragma once

#include <grpcpp/support/status.h>

#include <memory>
#include <string>
#include <utility>

#include "keystore/base/guard.h"
#include "providers/spire/plugin/threads.h"
#include "providers/spire/unary/call.h"

namespace rootkeep::spire {

// True, and the call is ended, when its client takes no answer any more.
inline bool EndIfOver(unary::Call& call) {
  auto over = call.Over();
  if (!over) return false;
  call.Finish(*std::move(over));
  return true;
}

// Ends the call with `status`, and with `response` when that is OK. What failed when its time was over has failed for
// that.
template <typename Response>
void Finish(unary::Call& call, const grpc::Status& status, const Response& response) {
  if (!status.ok() && EndIfOver(call)) return;
  call.Finish({.code = static_cast<int>(status.error_code()), .text = status.error_message()},
              response.SerializeAsString());
}

// False, and the call is ended, when it asks in another message.
template <typename Request>
bool Parse(unary::Call& call, Request& request) {
  const std::string_view octets = call.request();
  if (request.ParseFromArray(octets.data(), static_cast<int>(octets.size()))) return true;
  call.Finish({.code = grpc::StatusCode::INTERNAL, .text = "the request is not what this method takes"});
  return false;
}

// A method that takes no time: `work` is done on the connection's thread.
template <typename Request, typename Response, typename Work>
unary::Method Immediate(Work work) {
  return {[work = std::move(work)](const std::shared_ptr<unary::Call>& call) {
    Request request;
    Response response;
    if (Parse(*call, request)) Finish(*call, work(request, response), response);
  }};
}

// A method that may take its time: `work` is done on `threads`, and outlived by them; unless the client has given up
// before it begins. It is told how long that waits.
template <typename Request, typename Response, typename Work>
unary::Method Blocking(Threads& threads, Work work) {
  return {[&threads, work = std::move(work)](const std::shared_ptr<unary::Call>& call) {
    const bool taken = threads.Post([work, call] {
      if (EndIfOver(*call)) return;
      Request request;
      Response response;
      if (Parse(*call, request)) Finish(*call, work(request, response, call->interest()), response);
    });
    if (!taken) call->Finish({.code = grpc::StatusCode::RESOURCE_EXHAUSTED, .text = "too many calls wait"});
  }};
}

// The same of a service's function, as gRPC calls it.
template <typename Service, typename Request, typename Response>
unary::Method Immediate(Service& service,
                        grpc::Status (Service::*function)(grpc::ServerContext*, const Request*, Response*)) {
  return Immediate<Request, Response>([&service, function](const Request& request, Response& response) {
    return (service.*function)(nullptr, &request, &response);
  });
}
template <typename Service, typename Request, typename Response>
unary::Method Blocking(Threads& threads, Service& service,
                       grpc::Status (Service::*function)(grpc::ServerContext*, const Request*, Response*)) {
  return Blocking<Request, Response>(
      threads, [&service, function](const Request& request, Response& response, const unary::Interest& /*interest*/) {
        return (service.*function)(nullptr, &request, &response);
      });
}

}  // namespace rootkeep::spire
