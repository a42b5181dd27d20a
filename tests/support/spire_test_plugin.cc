// A plugin that does as its configuration says: what the plugin library makes of it is what is tested.
#include <cstdio>
#include <new>
#include <stdexcept>
#include <thread>

#include "proto/spire/agent_keymanager.grpc.pb.h"
#include "providers/spire/plugin/answer.h"
#include "providers/spire/plugin/serve.h"
#include "providers/spire/plugin/unary_method.h"

namespace {

using rootkeep::Ok;
using rootkeep::Status;
using rootkeep::spire::hcl::Section;
using spire::plugin::agent::keymanager::v1::GetPublicKeyRequest;
using spire::plugin::agent::keymanager::v1::GetPublicKeyResponse;
using spire::plugin::agent::keymanager::v1::KeyManager;

void Fail(const std::string& how) {
  if (how == "exception") throw std::runtime_error("thrown by the test");
  if (how == "bad_alloc") throw std::bad_alloc();
  if (how == "other") throw 1;  // NOLINT(hicpp-exception-baseclass): that is the test
}

[[noreturn]] void Hang() {
  rootkeep::log::Info("test.hangs");
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));
}

class TestPlugin final : public rootkeep::spire::Configurable, public KeyManager::Service {
 public:
  Status Configure(const std::string& trust_domain, Section& settings) override {
    RK_TRY(const auto mode, settings.GetText("mode"));
    RK_RETURN_IF_ERROR(Judge(mode.value_or(""), settings));
    mode_ = mode.value_or("");
    id_ = trust_domain;
    return Ok();
  }
  Status Validate(const std::string& /*trust_domain*/, Section& settings) override {
    RK_TRY(const auto mode, settings.GetText("mode"));
    return Judge(mode.value_or(""), settings);
  }
  void Deinit() const { Fail(mode_ == "deinit" ? "exception" : ""); }

  grpc::Status GetPublicKey(grpc::ServerContext* /*context*/, const GetPublicKeyRequest* request,
                            GetPublicKeyResponse* response) override {
    return rootkeep::spire::Answer([&]() -> Status {
      Fail(request->key_id());
      if (request->key_id() == "hang") Hang();
      response->mutable_public_key()->set_id(id_);
      return Ok();
    });
  }

 private:
  static Status Judge(const std::string& mode, const Section& settings) {
    RK_RETURN_IF_ERROR(settings.RefuseUnknown());
    Fail(mode);
    if (mode == "print") std::puts("printed by a library");
    if (mode == "away") return rootkeep::Unavailable("nobody is there").WithHint("is it started?");
    return Ok();
  }

  std::string mode_;
  std::string id_;
};

}  // namespace

// Served by gRPC's server, or by ours.
int main() {
  static TestPlugin plugin;
  rootkeep::spire::NamedService service{.name = KeyManager::service_full_name()};
  if (ROOTKEEP_TEST_UNARY) {
    service.methods = [&](rootkeep::spire::Threads& threads) -> rootkeep::spire::unary::Methods {
      return {{"/" + service.name + "/GetPublicKey",
               rootkeep::spire::Blocking(threads, plugin, &TestPlugin::GetPublicKey)}};
    };
  } else {
    service.service = &plugin;
  }
  return rootkeep::spire::Serve(
      {.type = "KeyManager", .services = {service}, .configurable = &plugin, .deinit = [] { plugin.Deinit(); }});
}
