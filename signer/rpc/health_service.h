// grpc.health.v1: whether each service can do its work now.
#pragma once

#include <map>
#include <set>
#include <string>

#include "keystore/base/mutex.h"
#include "proto/grpc/health.grpc.pb.h"

namespace rootkeep {

// Thread-safe. One instance can be registered with several servers.
class HealthService final : public grpc::health::v1::Health::CallbackService {
 public:
  HealthService() = default;
  ~HealthService() override;

  // Sets the status of `service` ("" is the server as a whole) and tells everyone who watches it.
  void Set(const std::string& service, bool serving);

  // Ends every watch; called before the servers shut down, so that they need not wait for clients to hang up.
  void Stop();

  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest*,
                                  grpc::health::v1::HealthCheckResponse*) override;
  grpc::ServerWriteReactor<grpc::health::v1::HealthCheckResponse>* Watch(
      grpc::CallbackServerContext* context, const grpc::health::v1::HealthCheckRequest*) override;

 private:
  class Watcher;
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  [[nodiscard]] ServingStatus StatusOf(const std::string& service) const RK_REQUIRES(mutex_);
  void Forget(Watcher* watcher);

  mutable Mutex mutex_;
  bool stopped_ RK_GUARDED_BY(mutex_) = false;
  std::map<std::string, bool> serving_ RK_GUARDED_BY(mutex_);
  std::set<Watcher*> watchers_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
