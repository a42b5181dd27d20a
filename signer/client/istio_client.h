// Asks for certificates over the istiod API, the way istio-agent and ztunnel do.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "signer/client/channel.h"
#include "signer/client/retry.h"

namespace rootkeep {

struct IstioClientOptions {
  ChannelOptions channel;
  SecretBytes bearer_token;  // sent as "authorization: Bearer ..."; empty: no such header
  std::string cluster_id;    // sent as "clusterid"; empty: no such header
  std::string key_evidence;  // a v1::KeyEvidence, sent as "rootkeep-key-evidence-bin"; empty: no such header
  std::chrono::milliseconds deadline{std::chrono::seconds(10)};  // of one CreateCertificate, retries included
  RetryPolicy retry;
  std::stop_token stop;  // ends calls under way and waits between them, with CANCELLED; none: nothing does
};

// Thread-safe.
class IstioClient {
 public:
  struct Answer {
    std::vector<std::string> cert_chain;  // leaf, intermediates, whole trust bundle last (istio-protocol.md §1.4)
    std::string request_id;               // as the server's log has it; empty when it named none
    unsigned attempts = 1;
  };

  // Errors as OpenChannel's, and INVALID_ARGUMENT for a token or cluster id that holds anything but printable ASCII;
  // nothing is sent yet.
  static Result<std::unique_ptr<IstioClient>> Make(IstioClientOptions options);
  ~IstioClient();
  IstioClient(const IstioClient&) = delete;
  IstioClient& operator=(const IstioClient&) = delete;

  // `ttl_seconds` 0 or less leaves the lifetime to the server; `impersonated` empty asks for the caller itself. Blocks
  // until the answer, the deadline or the stop. Errors carry the server's code and words, and the request id when it
  // gave one; DATA_LOSS when the answer holds fewer than a certificate and a bundle.
  Result<Answer> CreateCertificate(const std::string& csr_pem, std::int64_t ttl_seconds,
                                   const std::string& impersonated) const;

 private:
  struct Impl;
  explicit IstioClient(std::unique_ptr<Impl> impl);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace rootkeep
