// The node's own door to the CA: istio clients call it as they would call istiod, and their calls go on unchanged over
// the node's connection.
#pragma once

#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/rpc/memory_file.h"
#include "tools/relay/ca_connection.h"
#include "tools/relay/connection_rules.h"
#include "tools/relay/door.h"
#include "tools/relay/networks.h"
#include "tools/relay/node_identity.h"
#include "tools/relay/observer.h"
#include "tools/relay/service.h"

namespace rootkeep::relay {

struct RelayOptions {
  std::vector<std::string> addresses;  // where it listens: host:port; port 0 picks a free one
  Networks clients;                    // whose connections it takes; others' are closed at once
  ConnectionLimits connections;        // beyond which the clients' are
  CaConnection::Options ca;
  unsigned max_calls = 256;                   // under way at once; beyond it RESOURCE_EXHAUSTED
  std::chrono::milliseconds longest{15'000};  // after which a call is answered UNAVAILABLE
  std::chrono::milliseconds idle{300'000};    // after which a connection without a call is ended; clients make another
};

// Serves CreateCertificate of istio.v1.auth.IstioCertificateService over TLS and no other method (UNIMPLEMENTED).
// Clients show no certificate here: who they are is their token's to say. UNAVAILABLE at once while the CA cannot be
// reached or the node's certificate has ended; until there is a first one, nothing listens. Use and Drain are one
// thread's; the rest is thread-safe.
class Relay {
 public:
  // Observer and clock outlive this.
  Relay(RelayOptions options, Observer& observer, const Clock& clock);
  ~Relay();  // ends what is under way
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // From now on calls go over a connection that shows this certificate, and new clients see it, those that come within
  // about a second perhaps the one before. Calls under way and clients' connections stay. Listens with the first one:
  // UNAVAILABLE when an address cannot be bound. Errors as CheckIdentity and OpenChannel; what was used before still
  // is.
  Status Use(const NodeIdentity& identity);

  // Where it listens, in the order of the addresses; empty until then.
  [[nodiscard]] std::vector<int> ports() const;

  // Takes no new calls and lets those under way end until then.
  void Drain(std::chrono::milliseconds patience);

 private:
  // What clients are shown, as gRPC takes it.
  struct Shown {
    MemoryFile key;
    MemoryFile chain;
  };

  Status Listen(const NodeIdentity& identity) RK_REQUIRES(mutex_);
  Status Serve(std::unique_ptr<Door> door) RK_REQUIRES(mutex_);
  Status Replace(const NodeIdentity& identity) RK_REQUIRES(mutex_);

  const RelayOptions options_;
  Observer& observer_;
  const Clock& clock_;
  CaConnection ca_;
  mutable Mutex mutex_;
  bool drained_ RK_GUARDED_BY(mutex_) = false;
  std::optional<Shown> shown_ RK_GUARDED_BY(mutex_);
  std::unique_ptr<Service> service_ RK_GUARDED_BY(mutex_);  // of server_; gRPC takes none twice
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_ RK_GUARDED_BY(mutex_);
  std::unique_ptr<grpc::Server> server_ RK_GUARDED_BY(mutex_);
  std::unique_ptr<Door> door_ RK_GUARDED_BY(mutex_);  // hands to acceptor_
};

}  // namespace rootkeep::relay
