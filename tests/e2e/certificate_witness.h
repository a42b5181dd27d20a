// Holds every certificate that clients got against what a good authority may give.
#pragma once

#include <openssl/x509.h>

#include <atomic>
#include <set>
#include <string>

#include "keystore/base/mutex.h"
#include "keystore/base/result.h"
#include "signer/authority/certificates.h"
#include "signer/client/istio_client.h"

namespace rootkeep::testing {

// Thread-safe.
class CertificateWitness {
 public:
  // Every chain has to end at this root.
  explicit CertificateWitness(const std::string& root_pem);

  // The chain verifies in software, is for the request's key and for `uri`, and has a serial number of its own.
  // FAILED_PRECONDITION with the first thing that is wrong.
  Status See(const IstioClient::Answer& answer, const std::string& csr_pem, const std::string& uri);

  [[nodiscard]] std::size_t seen() const { return seen_.load(); }

 private:
  Certificates roots_;
  std::atomic<std::size_t> seen_{0};
  Mutex mutex_;
  std::set<std::string> serials_ RK_GUARDED_BY(mutex_);
};

}  // namespace rootkeep::testing
