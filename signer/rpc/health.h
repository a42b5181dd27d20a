// Whether each service can do its work now, and who wants to be told of changes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "keystore/base/mutex.h"
#include "proto/grpc/health.grpc.pb.h"

namespace rootkeep {

using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

// One that watches a service. Called on any thread, with the lock of Health held.
class HealthWatcher {
 public:
  virtual ~HealthWatcher() = default;
  [[nodiscard]] virtual const std::string& service() const = 0;
  // The status now, new or not.
  virtual void Show(ServingStatus status) = 0;
  // No more will come: ends the watch with `status`.
  virtual void End(const grpc::Status& status) = 0;
};

// Thread-safe. Told by one, shown by as many HealthServices as there are servers.
class Health {
 public:
  // Sets the status of `service` ("" is the server as a whole) and tells everyone who watches it.
  void Set(const std::string& service, bool serving);
  // SERVICE_UNKNOWN for one that was never set.
  [[nodiscard]] ServingStatus Get(const std::string& service) const;

  // Shows the status at once and from now on, or ends the watch: after Stop, and where too many watch already.
  void Add(const std::shared_ptr<HealthWatcher>& watcher);
  void Remove(const std::shared_ptr<HealthWatcher>& watcher);

  // Ends every watch; called before the servers shut down, so that they need not wait for clients to hang up.
  void Stop();

 private:
  [[nodiscard]] ServingStatus StatusOf(const std::string& service) const RK_REQUIRES(mutex_);

  mutable Mutex mutex_;
  bool stopped_ RK_GUARDED_BY(mutex_) = false;
  std::map<std::string, bool> serving_ RK_GUARDED_BY(mutex_);
  std::set<std::shared_ptr<HealthWatcher>> watchers_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep
