#include "providers/spire/plugin/go_plugin_services.h"

#include "providers/spire/plugin/answer.h"

namespace rootkeep::spire {
namespace {

class BrokerStream final : public grpc::ServerBidiReactor<::plugin::ConnInfo, ::plugin::ConnInfo> {
 public:
  BrokerStream() { StartRead(&announced_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    log::Debug("spire.host_announced", {{"service", announced_.service_id()}, {"address", announced_.address()}});
    StartRead(&announced_);
  }
  void OnDone() override { delete this; }

 private:
  ::plugin::ConnInfo announced_;
};

class StdioStream final : public grpc::ServerWriteReactor<::plugin::StdioData> {
 public:
  void OnCancel() override { Finish(grpc::Status::OK); }
  void OnDone() override { delete this; }
};

// A reactor deletes itself. Null, which gRPC answers with an error, when there is no memory for one.
template <typename Stream>
Stream* MakeStream() {
  Stream* stream = nullptr;
  RunGuarded("spire.exception", [&stream] { stream = new Stream; });
  return stream;
}

}  // namespace

grpc::ServerBidiReactor<::plugin::ConnInfo, ::plugin::ConnInfo>* BrokerService::StartStream(
    grpc::CallbackServerContext* /*context*/) {
  return MakeStream<BrokerStream>();
}

grpc::ServerWriteReactor<::plugin::StdioData>* StdioService::StreamStdio(grpc::CallbackServerContext* /*context*/,
                                                                         const google::protobuf::Empty* /*request*/) {
  return MakeStream<StdioStream>();
}

grpc::Status ControllerService::Shutdown(grpc::ServerContext* /*context*/, const ::plugin::Empty* /*request*/,
                                         ::plugin::Empty* /*response*/) {
  return Answer([this] {
    stop_();
    return Ok();
  });
}

}  // namespace rootkeep::spire
