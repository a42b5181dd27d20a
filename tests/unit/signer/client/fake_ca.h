// A TLS server on a free loopback port that answers CreateCertificate as a test scripts it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/mutex.h"
#include "proto/grpc/health.grpc.pb.h"
#include "proto/istio/ca.grpc.pb.h"

namespace rootkeep::testing {

// A self-signed certificate for `name` with its key.
struct SelfSigned {
  std::string certificate_pem;
  std::string key_pem;
};
SelfSigned MakeSelfSigned(const std::string& name);

// What one call brought.
struct SeenCall {
  std::string csr;
  std::int64_t ttl = 0;
  std::string impersonated;
  std::multimap<std::string, std::string> metadata;
  std::string client_certificate;  // PEM, as the TLS layer verified it
};

class FakeCa {
 public:
  explicit FakeCa(SelfSigned identity = MakeSelfSigned("istiod.istio-system.svc"));
  ~FakeCa();
  // Closes every connection; and listens at the same address again.
  void Stop();
  void Start();

  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& root_pem() const { return identity_.certificate_pem; }
  // Answers of the next calls, in order; when there are none left, OK with `chain`.
  void Answer(grpc::StatusCode code, const std::string& message, const std::string& details = "");
  void SetChain(std::vector<std::string> chain);
  // Lets calls hang until their deadline, or no longer.
  void Hang(bool hang = true);
  [[nodiscard]] std::vector<SeenCall> Calls() const;

 private:
  class CaService;
  class HealthService;

  SelfSigned identity_;
  std::unique_ptr<CaService> ca_;
  std::unique_ptr<HealthService> health_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::string address_;
};

}  // namespace rootkeep::testing
