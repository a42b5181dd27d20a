#include "tools/rootkeep-agent/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <vector>

#include "keystore/base/guard.h"
#include "keystore/base/mutex.h"
#include "signer/metrics/stage_buckets.h"
#include "tools/rootkeep-agent/metric_names.h"
#include "tools/rootkeep-agent/own_socket.h"

namespace rootkeep::agent {
namespace {

using keysocket::CallKind;
using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr std::size_t kMaxOutcomes = 64;  // of one call
constexpr char kOk[] = "ok";
constexpr char kOther[] = "other";

constexpr std::array<const char*, 5> kCallLabels{"list", "describe", "sign", "create", "probe"};
constexpr std::array<const char*, 5> kDenialLabels{"connect", "speak", "sign", "describe", "create"};

Family<Counter>& CounterFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

Family<Gauge>& GaugeFamily(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

// The failures of one kind of call, by reason.
using Outcomes = std::map<std::string, Counter*, std::less<>>;

struct Stages {
  Histogram* queue = nullptr;
  Histogram* sign = nullptr;
};

double Seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

// What the agent may prove itself with when it asks for this one.
std::vector<const char*> ProofsOf(const CertificateConfig& certificate) {
  if (certificate.attestation) return {"attestation"};
  if (certificate.key_evidence) return {"token"};
  return {"certificate", "token"};
}

}  // namespace

struct AgentMetrics::Impl {
  Registry registry;
  Family<Counter>& calls =
      CounterFamily(registry, metric_names::kCalls, "calls on the key sockets, by what came of them");
  Family<Counter>& denials =
      CounterFamily(registry, metric_names::kDenials, "what callers were denied, those among it that the log left out");
  Gauge& connections = GaugeFamily(registry, metric_names::kConnections, "connections to the key sockets").Add({});
  Gauge& waiting = GaugeFamily(registry, metric_names::kWaiting, "calls that wait for a thread").Add({});
  Family<Gauge>& token_up = GaugeFamily(registry, metric_names::kTokenUp, "1 while the token answers");
  Family<Gauge>& token_free = GaugeFamily(registry, metric_names::kTokenFree, "room for keys in the token, as it says");
  Family<Gauge>& token_total = GaugeFamily(registry, metric_names::kTokenTotal, "the same when it is empty");
  Family<Gauge>& keys = GaugeFamily(registry, metric_names::kKeys,
                                    "keys of a token by their state in the key catalogue, when it was last looked at");
  Gauge& catalogue_readable = GaugeFamily(registry, metric_names::kKeyCatalogueReadable,
                                          "0 while the key catalogue is there and cannot be read")
                                  .Add({});
  Family<Gauge>& expiry =
      GaugeFamily(registry, metric_names::kCertificateExpiry, "end of the certificate in the files, Unix time");
  Family<Gauge>& names_missing = GaugeFamily(registry, metric_names::kCertificateNamesMissing,
                                             "names that were asked for and are not in the certificate");
  Family<Counter>& renewals = CounterFamily(registry, metric_names::kCertificateRenewals,
                                            "certificates that were issued, by what the agent proved itself with");
  Family<Counter>& failures = CounterFamily(registry, metric_names::kCertificateFailures,
                                            "certificates that were not renewed, and reload commands that failed");
  Family<Counter>& relayed =
      CounterFamily(registry, metric_names::kRelayCalls,
                    "calls that the relay answered, by code, and whether the CA or itself said so");
  Family<Counter>& relay_refused =
      CounterFamily(registry, metric_names::kRelayRefusedConnections,
                    "connections that the relay closed before anything was answered, by why");
  Family<Gauge>& relay_ca_up =
      GaugeFamily(registry, metric_names::kRelayCaUp, "1 while the relay has a connection to the CA");
  // Found without a lock: fixed from the beginning.
  std::array<Counter*, kCallLabels.size()> ok{};
  std::map<std::string, Stages> stages;                                        // by token
  std::map<std::string, std::map<std::string, Counter*, std::less<>>> denied;  // by socket

  Mutex mutex;
  std::array<Outcomes, kCallLabels.size()> outcomes RK_GUARDED_BY(mutex);

  explicit Impl(const AgentConfig& config) {
    for (std::size_t i = 0; i < kCallLabels.size(); ++i) {
      ok[i] = &calls.Add({{"call", kCallLabels[i]}, {"outcome", kOk}});
    }
    AddTokens(config);
    for (const SocketConfig& socket : config.sockets) AddDenials(socket.name);
    AddDenials(kOwnSocketName);
    for (const CertificateConfig& certificate : config.certificates) {
      for (const char* by : ProofsOf(certificate)) renewals.Add({{"certificate", certificate.name}, {"by", by}});
      for (const char* step : {"renewal", "proof", "use", "reload"})
        failures.Add({{"certificate", certificate.name}, {"step", step}});
    }
    if (config.relay) {
      relayed.Add({{"code", "OK"}, {"by", "ca"}});
      relayed.Add({{"code", "UNAVAILABLE"}, {"by", "relay"}});
      for (const char* why : {"client", "connections", "rate"}) relay_refused.Add({{"why", why}});
      relay_ca_up.Add({}).Set(0);
    }
    GaugeFamily(registry, metric_names::kBuildInfo, "1, labelled with the version")
        .Add({{"version", ROOTKEEP_VERSION}})
        .Set(1);
  }

  void AddDenials(const std::string& socket) {
    for (const char* what : kDenialLabels) denied[socket][what] = &denials.Add({{"socket", socket}, {"what", what}});
  }

  void AddTokens(const AgentConfig& config) {
    auto& durations = prometheus::BuildHistogram()
                          .Name(metric_names::kSignSeconds)
                          .Help("time of a signature: waiting for a thread and the token, and in the token")
                          .Register(registry);
    const Histogram::BucketBoundaries buckets(kStageBuckets.begin(), kStageBuckets.end());
    for (const config::Token& token : config.tokens) {
      stages[token.name] = {.queue = &durations.Add({{"token", token.name}, {"stage", "queue"}}, buckets),
                            .sign = &durations.Add({{"token", token.name}, {"stage", "sign"}}, buckets)};
    }
  }

  Counter& Failed(std::size_t call, std::string_view outcome) {
    const MutexLock lock(mutex);
    Outcomes& seen = outcomes[call];
    auto found = seen.find(outcome);
    if (found == seen.end()) {
      if (seen.size() >= kMaxOutcomes) outcome = kOther;
      found = seen.try_emplace(std::string(outcome), nullptr).first;
      if (found->second == nullptr) {
        found->second = &calls.Add({{"call", kCallLabels[call]}, {"outcome", found->first}});
      }
    }
    return *found->second;
  }
};

AgentMetrics::AgentMetrics(const AgentConfig& config) : impl_(std::make_unique<Impl>(config)) {}
AgentMetrics::~AgentMetrics() = default;

void AgentMetrics::Answered(CallKind call, std::string_view outcome) noexcept {
  const auto kind = static_cast<std::size_t>(call);
  if (outcome == kOk) return impl_->ok[kind]->Increment();
  RunGuarded("metrics_exception", [&] { impl_->Failed(kind, outcome).Increment(); });
}

void AgentMetrics::Signed(const std::string& token, const SignTimes& times) noexcept {
  const auto found = impl_->stages.find(token);
  if (found == impl_->stages.end()) return;
  found->second.queue->Observe(Seconds(times.queued));
  found->second.sign->Observe(Seconds(times.device));
}

void AgentMetrics::Denied(const std::string& socket, std::string_view what) noexcept {
  const auto of_socket = impl_->denied.find(socket);
  if (of_socket == impl_->denied.end()) return;
  const auto counter = of_socket->second.find(what);
  if (counter != of_socket->second.end()) counter->second->Increment();
}

void AgentMetrics::SetTokenUp(const std::string& token, bool up) {
  impl_->token_up.Add({{"token", token}}).Set(up ? 1 : 0);
}

void AgentMetrics::SetTokenSpace(const std::string& token, const DeviceSpace& space) {
  impl_->token_free.Add({{"token", token}}).Set(static_cast<double>(space.free));
  impl_->token_total.Add({{"token", token}}).Set(static_cast<double>(space.total));
}

void AgentMetrics::SetKeys(const std::string& token, std::string_view state, std::size_t count) {
  impl_->keys.Add({{"token", token}, {"state", std::string(state)}}).Set(static_cast<double>(count));
}

void AgentMetrics::SetKeyCatalogueReadable(bool readable) { impl_->catalogue_readable.Set(readable ? 1 : 0); }

void AgentMetrics::SetExpiry(const std::string& certificate, WallTime not_after) {
  impl_->expiry.Add({{"certificate", certificate}}).Set(static_cast<double>(ToUnixSeconds(not_after)));
}

void AgentMetrics::SetNamesMissing(const std::string& certificate, std::size_t count) {
  impl_->names_missing.Add({{"certificate", certificate}}).Set(static_cast<double>(count));
}

void AgentMetrics::CountRenewal(const std::string& certificate, std::string_view by) {
  impl_->renewals.Add({{"certificate", certificate}, {"by", std::string(by)}}).Increment();
}

void AgentMetrics::CountFailure(const std::string& certificate, std::string_view step) {
  impl_->failures.Add({{"certificate", certificate}, {"step", std::string(step)}}).Increment();
}

void AgentMetrics::CountRelayed(std::string_view code, std::string_view by) {
  impl_->relayed.Add({{"code", std::string(code)}, {"by", std::string(by)}}).Increment();
}

void AgentMetrics::CountRelayRefused(std::string_view why) {
  impl_->relay_refused.Add({{"why", std::string(why)}}).Increment();
}

void AgentMetrics::SetRelayCaUp(bool up) { impl_->relay_ca_up.Add({}).Set(up ? 1 : 0); }

std::string AgentMetrics::Scrape(std::size_t connections, std::size_t waiting) const {
  impl_->connections.Set(static_cast<double>(connections));
  impl_->waiting.Set(static_cast<double>(waiting));
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace rootkeep::agent
