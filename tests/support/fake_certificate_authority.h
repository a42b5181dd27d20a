// rootkeepd's CertificateAuthority on a Unix socket, as a test scripts it: what its clients make of answers, changes
// and losses is tested, so that certificates are any octets.
#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>
#include <vector>

#include "proto/rootkeep/v1/certificate_authority.grpc.pb.h"

namespace rootkeep::testing {

// Thread-safe but for Start and Stop.
class FakeCertificateAuthority {
 public:
  // Listens on `socket`, with a bundle of "example.org" that has the root "root-a".
  explicit FakeCertificateAuthority(std::string socket);
  ~FakeCertificateAuthority();
  FakeCertificateAuthority(const FakeCertificateAuthority&) = delete;
  FakeCertificateAuthority& operator=(const FakeCertificateAuthority&) = delete;

  // Closes every connection; and listens at the same place again, with the same bundle.
  void Stop();
  void Start();

  // Each makes the sequence one greater and tells all who watch.
  void SetRoots(const std::vector<std::pair<std::string, bool>>& roots);  // certificate, tainted
  void SetSequence(std::uint64_t sequence);                               // to this one instead
  // SignCertificate and PublishJwtKey answer with this, OK for what is asked; or hang until their deadline.
  void AnswerWith(grpc::Status status);
  void Hang(bool hang);
  // WatchTrustBundle ends with this at once, OK: not at all.
  void AnswerWatchWith(grpc::Status status);
  // A change that nobody who watches hears of before the next: a SignCertificate answer brings it first.
  void SetRootsUnheard(const std::vector<std::pair<std::string, bool>>& roots);

  [[nodiscard]] std::vector<v1::SignCertificateRequest> Signed() const;
  [[nodiscard]] v1::TrustBundle Bundle() const;
  [[nodiscard]] int Watchers() const;

 private:
  class Service;

  const std::string socket_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace rootkeep::testing
