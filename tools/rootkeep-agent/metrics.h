// What the agent counts and times, for its operators' HTTP endpoint.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "keystore/base/clock.h"
#include "keystore/key_store.h"
#include "keystore/keysocket/server/observer.h"
#include "tools/rootkeep-agent/agent_config.h"

namespace rootkeep::agent {

// Thread-safe; nothing blocks but for a failure that was not seen before.
class AgentMetrics final : public keysocket::Observer {
 public:
  // Of the configuration's tokens, sockets and certificates.
  explicit AgentMetrics(const AgentConfig& config);
  ~AgentMetrics() override;

  void Answered(keysocket::CallKind call, std::string_view outcome) noexcept override;
  void Signed(const std::string& token, const SignTimes& times) noexcept override;
  void Denied(const std::string& socket, std::string_view what) noexcept override;

  void SetTokenUp(const std::string& token, bool up);
  void SetTokenSpace(const std::string& token, const DeviceSpace& space);
  // `state` is a KeyStateName, or "UNCATALOGUED" for keys in the token that have no row.
  void SetKeys(const std::string& token, std::string_view state, std::size_t count);
  void SetKeyCatalogueReadable(bool readable);

  void SetExpiry(const std::string& certificate, WallTime not_after);
  // Of the names that were asked for, how many it has not.
  void SetNamesMissing(const std::string& certificate, std::size_t count);
  // `by` is "certificate" or "token".
  void CountRenewal(const std::string& certificate, std::string_view by);
  // `step` is "renewal", "proof", "use" or "reload".
  void CountFailure(const std::string& certificate, std::string_view step);

  // A call that the relay answered with this gRPC code, in the CA's words or its own (`by` is "ca" or "relay").
  void CountRelayed(std::string_view code, std::string_view by);
  // A connection that the relay closed at once; `why` is "client", "connections" or "rate".
  void CountRelayRefused(std::string_view why);
  void SetRelayCaUp(bool up);

  // All of it in Prometheus text format 0.0.4, with the key sockets' present connections and calls that wait.
  [[nodiscard]] std::string Scrape(std::size_t connections, std::size_t waiting) const;

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep::agent
