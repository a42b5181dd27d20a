#include "signer/metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>

#include "keystore/base/mutex.h"
#include "signer/metrics/names.h"
#include "signer/metrics/stage_buckets.h"

namespace rootkeep {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;

constexpr std::size_t kMaxReasons = 64;

constexpr std::array<const char*, 8> kStageLabels{"parse", "proof", "build", "record",
                                                  "queue", "sign",  "check", "total"};
constexpr std::array<const char*, 5> kSignErrorLabels{"CA_NOT_READY", "CSR_ERROR", "TTL_ERROR", "CERT_GEN_ERROR",
                                                      "UNKNOWN"};

Counter& AddCounter(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

Gauge& AddGauge(Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

}  // namespace

struct Metrics::Impl {
  Registry registry;
  Counter& requests = AddCounter(registry, metric_names::kCsrCount, "certificate requests received");
  Counter& authentication_failures =
      AddCounter(registry, metric_names::kAuthenticationFailure, "requests whose caller or impersonation was refused");
  Counter& parsing_errors = AddCounter(registry, metric_names::kCsrParsingError, "requests that could not be parsed");
  Counter& extraction_errors =
      AddCounter(registry, metric_names::kIdExtractionError, "identities that could not be extracted");
  Counter& successes = AddCounter(registry, metric_names::kSuccess, "certificates issued");
  Gauge& in_flight = AddGauge(registry, metric_names::kInFlight, "issuances under way");
  Gauge& unsafe_rules =
      AddGauge(registry, metric_names::kUnsafeRules, "impersonation rules that trust the caller's word for placement");
  Gauge& root_timestamp = AddGauge(registry, metric_names::kRootExpiryTimestamp, "expiry of the first root, Unix time");
  Gauge& root_seconds = AddGauge(registry, metric_names::kRootExpirySeconds, "seconds until the first root expires");
  Gauge& chain_timestamp = AddGauge(registry, metric_names::kChainExpiryTimestamp, "expiry of the chain, Unix time");
  Gauge& chain_seconds = AddGauge(registry, metric_names::kChainExpirySeconds, "seconds until the chain expires");
  Family<Counter>& refusals =
      prometheus::BuildCounter().Name(metric_names::kRefusals).Help("requests refused, by reason").Register(registry);
  Family<Gauge>& token_up =
      prometheus::BuildGauge().Name(metric_names::kTokenUp).Help("1 while the token answers").Register(registry);
  Family<Gauge>& keys = prometheus::BuildGauge()
                            .Name(metric_names::kKeys)
                            .Help("keys of a token by their state in the key catalogue, when it was last looked at")
                            .Register(registry);
  Gauge& catalogue_readable =
      AddGauge(registry, metric_names::kKeyCatalogueReadable, "0 while the key catalogue is there and cannot be read");
  Family<Counter>& attestations = prometheus::BuildCounter()
                                      .Name(metric_names::kAttestations)
                                      .Help("attempts of nodes to prove themselves, by verdict and reason")
                                      .Register(registry);
  Family<Gauge>& nodes =
      prometheus::BuildGauge().Name(metric_names::kNodes).Help("nodes by how they stand and why").Register(registry);
  Gauge& nodes_newest_evidence = AddGauge(registry, metric_names::kNodesNewestEvidence,
                                          "last right evidence of any attested node, Unix time; 0 without one");
  Family<Gauge>& nodes_oldest_evidence =
      prometheus::BuildGauge()
          .Name(metric_names::kNodesOldestEvidence)
          .Help(
              "oldest of the last right evidence of nodes whose attestation holds, by group, Unix time; 0 without one")
          .Register(registry);
  Gauge& nodes_first_end = AddGauge(registry, metric_names::kNodesFirstEnd,
                                    "when the first attestation that holds ends, Unix time; 0 without one");
  Family<Counter>& api_calls = prometheus::BuildCounter()
                                   .Name(metric_names::kApiCalls)
                                   .Help("calls of Rootkeep's own API answered, by method and status")
                                   .Register(registry);
  Gauge& bundle_streams =
      AddGauge(registry, metric_names::kBundleStreams, "clients that are told of changes of a trust bundle");
  Family<Gauge>& serving = prometheus::BuildGauge()
                               .Name(metric_names::kAuthorityServing)
                               .Help("1 while the authority can sign")
                               .Register(registry);
  std::array<Counter*, kSignErrorLabels.size()> sign_errors{};
  std::array<Histogram*, kStageLabels.size()> stages{};
  Mutex mutex;
  std::map<std::string, Counter*, std::less<>> reasons RK_GUARDED_BY(mutex);

  Impl() {
    auto& errors = prometheus::BuildCounter()
                       .Name(metric_names::kCsrSignError)
                       .Help("requests that failed after authentication, by class")
                       .Register(registry);
    for (std::size_t i = 0; i < kSignErrorLabels.size(); ++i) {
      sign_errors[i] = &errors.Add({{"error", kSignErrorLabels[i]}});
    }
    auto& durations = prometheus::BuildHistogram()
                          .Name(metric_names::kStageSeconds)
                          .Help("time spent in each stage of an issuance")
                          .Register(registry);
    const Histogram::BucketBoundaries buckets(kStageBuckets.begin(), kStageBuckets.end());
    for (std::size_t i = 0; i < kStageLabels.size(); ++i) {
      stages[i] = &durations.Add({{"stage", kStageLabels[i]}}, buckets);
    }
    prometheus::BuildGauge()
        .Name(metric_names::kBuildInfo)
        .Help("1, labelled with the version")
        .Register(registry)
        .Add({{"version", ROOTKEEP_VERSION}})
        .Set(1);
  }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

void Metrics::CountRequest() { impl_->requests.Increment(); }
void Metrics::CountAuthenticationFailure() { impl_->authentication_failures.Increment(); }
void Metrics::CountSuccess() { impl_->successes.Increment(); }

void Metrics::CountApiCall(std::string_view method, std::string_view code) {
  impl_->api_calls.Add({{"method", std::string(method)}, {"code", std::string(code)}}).Increment();
}
void Metrics::SetBundleStreams(std::size_t count) { impl_->bundle_streams.Set(static_cast<double>(count)); }

void Metrics::CountSignError(SignErrorClass error_class) {
  impl_->sign_errors[static_cast<std::size_t>(error_class)]->Increment();
}

void Metrics::CountRefusal(std::string_view reason) {
  const MutexLock lock(impl_->mutex);
  if (reason.empty()) reason = "other";
  auto found = impl_->reasons.find(reason);
  if (found == impl_->reasons.end()) {
    if (impl_->reasons.size() >= kMaxReasons) reason = "other";
    found = impl_->reasons.try_emplace(std::string(reason), nullptr).first;
    if (found->second == nullptr) found->second = &impl_->refusals.Add({{"reason", found->first}});
  }
  found->second->Increment();
}

void Metrics::Observe(Stage stage, std::chrono::nanoseconds duration) {
  impl_->stages[static_cast<std::size_t>(stage)]->Observe(std::chrono::duration<double>(duration).count());
}

void Metrics::SetInFlight(std::int64_t count) { impl_->in_flight.Set(static_cast<double>(count)); }
void Metrics::SetUnsafeRules(std::size_t count) { impl_->unsafe_rules.Set(static_cast<double>(count)); }
void Metrics::CountAttestation(std::string_view verdict, std::string_view reason) {
  // The words are all ours, so that there are as many as there are rules.
  impl_->attestations.Add({{"verdict", std::string(verdict)}, {"reason", std::string(reason)}}).Increment();
}

void Metrics::SetNodes(std::string_view standing, std::string_view reason, std::size_t count) {
  impl_->nodes.Add({{"standing", std::string(standing)}, {"reason", std::string(reason)}})
      .Set(static_cast<double>(count));
}

void Metrics::SetNodeTimes(std::int64_t newest_evidence, std::int64_t first_end) {
  impl_->nodes_newest_evidence.Set(static_cast<double>(newest_evidence));
  impl_->nodes_first_end.Set(static_cast<double>(first_end));
}

void Metrics::SetOldestEvidence(const std::string& group, std::int64_t at) {
  impl_->nodes_oldest_evidence.Add({{"group", group}}).Set(static_cast<double>(at));
}

void Metrics::SetTokenUp(const std::string& token, bool up) { impl_->token_up.Add({{"token", token}}).Set(up ? 1 : 0); }

void Metrics::SetKeys(const std::string& token, std::string_view state, std::size_t count) {
  impl_->keys.Add({{"token", token}, {"state", std::string(state)}}).Set(static_cast<double>(count));
}

void Metrics::SetKeyCatalogueReadable(bool readable) { impl_->catalogue_readable.Set(readable ? 1 : 0); }

void Metrics::SetAuthorityServing(const std::string& authority, bool serving) {
  impl_->serving.Add({{"authority", authority}}).Set(serving ? 1 : 0);
}

void Metrics::SetExpiry(WallTime root, WallTime chain) {
  impl_->root_timestamp.Set(static_cast<double>(ToUnixSeconds(root)));
  impl_->chain_timestamp.Set(static_cast<double>(ToUnixSeconds(chain)));
}

std::string Metrics::Scrape(WallTime now) const {
  const auto seconds = static_cast<double>(ToUnixSeconds(now));
  impl_->root_seconds.Set(impl_->root_timestamp.Value() - seconds);
  impl_->chain_seconds.Set(impl_->chain_timestamp.Value() - seconds);
  return prometheus::TextSerializer().Serialize(impl_->registry.Collect());
}

}  // namespace rootkeep
