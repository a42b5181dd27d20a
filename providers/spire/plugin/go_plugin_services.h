// What go-plugin's host asks of every plugin, beside health.
#pragma once

#include <functional>

#include "proto/spire/go_plugin/broker.grpc.pb.h"
#include "proto/spire/go_plugin/controller.grpc.pb.h"
#include "proto/spire/go_plugin/stdio.grpc.pb.h"

namespace rootkeep::spire {

// Without it no plugin is loaded: the host announces its own services on the stream before it asks anything. We call
// none of them, so that announcements are read and dropped. The stream lasts until the host ends it.
class BrokerService final : public ::plugin::GRPCBroker::CallbackService {
 public:
  grpc::ServerBidiReactor<::plugin::ConnInfo, ::plugin::ConnInfo>* StartStream(
      grpc::CallbackServerContext* context) override;
};

// A stream on which nothing is ever said: SPIRE drops it, and what we print goes to standard error.
class StdioService final : public ::plugin::GRPCStdio::CallbackService {
 public:
  grpc::ServerWriteReactor<::plugin::StdioData>* StreamStdio(grpc::CallbackServerContext* context,
                                                             const google::protobuf::Empty* request) override;
};

class ControllerService final : public ::plugin::GRPCController::Service {
 public:
  // `stop` is called when the host wants the process to end, on a thread of its server's: it must not block.
  explicit ControllerService(std::function<void()> stop) : stop_(std::move(stop)) {}
  grpc::Status Shutdown(grpc::ServerContext* context, const ::plugin::Empty* request,
                        ::plugin::Empty* response) override;

 private:
  const std::function<void()> stop_;
};

}  // namespace rootkeep::spire
