// Where a relay's clients come in. Who is no client, or comes too often, is gone before a TLS octet is answered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "tools/accept/accept_loop.h"
#include "tools/relay/connection_rules.h"
#include "tools/relay/observer.h"

namespace rootkeep::relay {

class Door final : private Doorkeeper {
 public:
  // Listens on each address; nobody is accepted yet. Errors as ListenTcp. The observer outlives this.
  static Result<std::unique_ptr<Door>> Open(const std::vector<std::string>& addresses, Networks clients,
                                            ConnectionLimits limits, Observer& observer);
  ~Door() override { Stop(); }

  // In the order of the addresses.
  [[nodiscard]] const std::vector<int>& ports() const { return ports_; }

  // From now on, on a thread of its own, connections that are let in go to `serve`. Once. Errors as AcceptLoop::Start.
  Status Serve(std::function<void(Fd)> serve);
  // Listens no more; before the server ends. More than once does nothing.
  void Stop();

 private:
  Door(Networks clients, ConnectionLimits limits, Observer& observer)
      : rules_(std::move(clients), limits), observer_(observer) {}

  std::optional<Admission> Admit(std::size_t door, int connection) override;
  void Hand(std::size_t /*how*/, Fd connection) override { serve_(std::move(connection)); }

  ConnectionRules rules_;
  Observer& observer_;
  std::vector<std::string> addresses_;
  std::vector<Fd> listeners_;
  std::vector<int> ports_;
  std::function<void(Fd)> serve_;
  AcceptLoop loop_;
};

}  // namespace rootkeep::relay
