#include "tests/support/fake_certificate_authority.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "keystore/base/clock.h"
#include "keystore/base/mutex.h"

namespace rootkeep::testing {

class FakeCertificateAuthority::Service final : public v1::CertificateAuthority::Service {
 public:
  Service() {
    bundle.set_trust_domain("example.org");
    bundle.set_sequence(1);
    bundle.add_roots()->set_certificate("root-a");
  }

  grpc::Status SignCertificate(grpc::ServerContext* context, const v1::SignCertificateRequest* request,
                               v1::SignCertificateResponse* response) override {
    const MutexLock lock(mutex);
    asked.push_back(*request);
    while (hang && !context->IsCancelled()) Tick();
    if (!answer.ok()) return answer;
    response->add_chain("signed:" + request->csr());
    response->add_chain("intermediate");
    *response->mutable_trust_bundle() = bundle;
    return grpc::Status::OK;
  }

  grpc::Status WatchTrustBundle(grpc::ServerContext* context, const v1::WatchTrustBundleRequest* /*request*/,
                                grpc::ServerWriter<v1::TrustBundle>* writer) override {
    const MutexLock lock(mutex);
    if (!watch_answer.ok()) return watch_answer;
    ++watchers;
    for (std::uint64_t told = 0; !ending && !context->IsCancelled(); Tick()) {
      if (told == changes) continue;
      told = changes;
      writer->Write(bundle);
    }
    --watchers;
    return {grpc::StatusCode::UNAVAILABLE, "the service ends"};
  }

  grpc::Status PublishJwtKey(grpc::ServerContext* context, const v1::PublishJwtKeyRequest* request,
                             v1::PublishJwtKeyResponse* response) override {
    const MutexLock lock(mutex);
    while (hang && !context->IsCancelled()) Tick();
    if (!answer.ok()) return answer;
    const auto same_id = [&](const v1::JwtKey& key) { return key.key_id() == request->key().key_id(); };
    const auto found = std::ranges::find_if(bundle.jwt_keys(), same_id);
    if (found == bundle.jwt_keys().end()) {
      *bundle.add_jwt_keys() = request->key();
      Changed();
    } else if (found->public_key() != request->key().public_key()) {
      return {grpc::StatusCode::ALREADY_EXISTS, "another key has this id"};
    }
    *response->mutable_trust_bundle() = bundle;
    return grpc::Status::OK;
  }

  void SetRoots(const std::vector<std::pair<std::string, bool>>& roots) RK_REQUIRES(mutex) {
    bundle.clear_roots();
    for (const auto& [certificate, tainted] : roots) {
      v1::X509Root& root = *bundle.add_roots();
      root.set_certificate(certificate);
      root.set_tainted(tainted);
    }
    bundle.set_sequence(bundle.sequence() + 1);
  }
  void Changed() RK_REQUIRES(mutex) {
    bundle.set_sequence(bundle.sequence() + 1);
    ++changes;
    changed.NotifyAll();
  }
  // gRPC does not wake a thread whose call was cancelled.
  void Tick() RK_REQUIRES(mutex) { changed.WaitUntil(mutex, After(std::chrono::milliseconds(5))); }

  Mutex mutex;
  CondVar changed;
  v1::TrustBundle bundle RK_GUARDED_BY(mutex);
  std::uint64_t changes RK_GUARDED_BY(mutex) = 1;
  std::vector<v1::SignCertificateRequest> asked RK_GUARDED_BY(mutex);
  grpc::Status answer RK_GUARDED_BY(mutex);
  grpc::Status watch_answer RK_GUARDED_BY(mutex);
  int watchers RK_GUARDED_BY(mutex) = 0;
  bool hang RK_GUARDED_BY(mutex) = false;
  bool ending RK_GUARDED_BY(mutex) = false;
};

FakeCertificateAuthority::FakeCertificateAuthority(std::string socket)
    : socket_(std::move(socket)), service_(std::make_unique<Service>()) {
  Start();
}

FakeCertificateAuthority::~FakeCertificateAuthority() { Stop(); }

void FakeCertificateAuthority::Start() {
  {
    const MutexLock lock(service_->mutex);
    service_->ending = false;
  }
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

void FakeCertificateAuthority::Stop() {
  if (server_ == nullptr) return;
  {
    const MutexLock lock(service_->mutex);
    service_->ending = true;
    service_->hang = false;
    service_->changed.NotifyAll();
  }
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeCertificateAuthority::SetRoots(const std::vector<std::pair<std::string, bool>>& roots) {
  const MutexLock lock(service_->mutex);
  service_->SetRoots(roots);
  service_->Changed();
}

void FakeCertificateAuthority::SetRootsUnheard(const std::vector<std::pair<std::string, bool>>& roots) {
  const MutexLock lock(service_->mutex);
  service_->SetRoots(roots);
}

void FakeCertificateAuthority::SetSequence(std::uint64_t sequence) {
  const MutexLock lock(service_->mutex);
  service_->bundle.set_sequence(sequence - 1);
  service_->Changed();
}

void FakeCertificateAuthority::AnswerWith(grpc::Status status) {
  const MutexLock lock(service_->mutex);
  service_->answer = std::move(status);
}

void FakeCertificateAuthority::AnswerWatchWith(grpc::Status status) {
  const MutexLock lock(service_->mutex);
  service_->watch_answer = std::move(status);
}

void FakeCertificateAuthority::Hang(bool hang) {
  const MutexLock lock(service_->mutex);
  service_->hang = hang;
}

std::vector<v1::SignCertificateRequest> FakeCertificateAuthority::Signed() const {
  const MutexLock lock(service_->mutex);
  return service_->asked;
}

v1::TrustBundle FakeCertificateAuthority::Bundle() const {
  const MutexLock lock(service_->mutex);
  return service_->bundle;
}

int FakeCertificateAuthority::Watchers() const {
  const MutexLock lock(service_->mutex);
  return service_->watchers;
}

}  // namespace rootkeep::testing
