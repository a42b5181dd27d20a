// The node's connection to the CA: kept, made again when it is lost, and made anew when the node's certificate is.
#pragma once

#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <memory>
#include <string>
#include <thread>

#include "keystore/base/mutex.h"
#include "tools/relay/node_identity.h"
#include "tools/relay/observer.h"

namespace rootkeep::relay {

// How a call gets to the CA now.
struct CaRoute {
  std::shared_ptr<grpc::GenericStub> stub;  // null: there is no certificate yet
  WallTime until;                           // when the certificate that it shows ends
};

// Thread-safe.
class CaConnection {
 public:
  struct Options {
    std::string address;      // host:port
    std::string server_name;  // that the CA's certificate must hold; empty: the host of the address
  };

  // The observer, which outlives this, is told when the connection is there and when it cannot be made.
  CaConnection(Options options, Observer& observer);

  // From now on calls go over a connection that shows this certificate; those under way end on theirs. Connects without
  // waiting for a call: while that fails, calls do at once. Errors as OpenChannel's.
  Status Show(const NodeIdentity& identity);

  [[nodiscard]] CaRoute Route() const;

 private:
  // Until it is stopped.
  void Keep(const std::stop_token& stop);
  [[nodiscard]] std::shared_ptr<grpc::Channel> Channel() const;

  const Options options_;
  Observer& observer_;
  mutable Mutex mutex_;
  std::shared_ptr<grpc::Channel> channel_ RK_GUARDED_BY(mutex_);
  CaRoute route_ RK_GUARDED_BY(mutex_);
  std::jthread keeper_;
};

}  // namespace rootkeep::relay
