// What the signer counts. The registry behind it is scraped by signer/ops.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "keystore/base/clock.h"

namespace rootkeep {

// Where an issuance spends its time; label values of rootkeep_stage_seconds.
enum class Stage : std::uint8_t { kParse, kProof, kBuild, kRecord, kQueue, kSign, kCheck, kTotal };

// istiod's classes of signing errors; label values of citadel_server_csr_sign_err_count.
enum class SignErrorClass : std::uint8_t { kNotReady, kCsr, kTtl, kCertGen, kUnknown };

// Thread-safe; counters never block.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  void CountRequest();
  void CountAuthenticationFailure();
  void CountSignError(SignErrorClass error_class);
  void CountSuccess();
  // `reason` is the word of an Error; unknown or empty ones count as "other" so that labels stay few.
  void CountRefusal(std::string_view reason);
  void Observe(Stage stage, std::chrono::nanoseconds duration);
  void SetInFlight(std::int64_t count);
  void SetTokenUp(const std::string& token, bool up);
  void SetAuthorityServing(const std::string& authority, bool serving);
  // `state` is a KeyStateName, or "UNCATALOGUED" for keys in the token that have no row.
  void SetKeys(const std::string& token, std::string_view state, std::size_t count);
  void SetKeyCatalogueReadable(bool readable);
  void SetUnsafeRules(std::size_t count);
  // `verdict` is "attested", "held", "failed", "repeat" or "refused" (before a challenge, or not judged); reasons as in
  // CountRefusal, empty for none.
  void CountAttestation(std::string_view verdict, std::string_view reason);
  // `standing` is a NodeStateName, or "attestation ended"; `reason` the word why, empty for none.
  void SetNodes(std::string_view standing, std::string_view reason, std::size_t count);
  // Of attested nodes, Unix seconds: the last evidence of any, and when the first attestation ends; 0 without one.
  void SetNodeTimes(std::int64_t newest_evidence, std::int64_t first_end);
  // Of the nodes of a group whose attestation holds: the last evidence, Unix seconds, of the one whose is oldest; 0
  // without one.
  void SetOldestEvidence(const std::string& group, std::int64_t at);
  // A call of Rootkeep's own API was answered; `method` is one of the service's, `code` a CodeName or "OK".
  void CountApiCall(std::string_view method, std::string_view code);
  void SetBundleStreams(std::size_t count);
  // Expiry of the first root and of the issuing chain; the "seconds left" gauges are computed when scraped.
  void SetExpiry(WallTime root, WallTime chain);

  // The registry in Prometheus text format 0.0.4.
  [[nodiscard]] std::string Scrape(WallTime now) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep
