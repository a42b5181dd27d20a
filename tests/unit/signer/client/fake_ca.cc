#include "tests/unit/signer/client/fake_ca.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <cstdlib>
#include <deque>
#include <thread>

#include "keystore/base/openssl.h"
#include "tests/support/software_key.h"

namespace rootkeep::testing {
namespace {

std::string TakePem(const ossl::Bio& bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

}  // namespace

SelfSigned MakeSelfSigned(const std::string& name) {
  const ossl::PKey key = MakeKey("P-256");
  const ossl::Cert certificate(X509_new());
  X509* x = certificate.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_NAME* subject = X509_get_subject_name(x);
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(x, subject);
  X509_set_pubkey(x, key.get());
  X509_EXTENSION* san = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("DNS:" + name).c_str());
  X509_add_ext(x, san, -1);
  X509_EXTENSION_free(san);
  if (X509_sign(x, key.get(), EVP_sha256()) == 0) std::abort();
  const ossl::Bio certificate_pem(BIO_new(BIO_s_mem()));
  const ossl::Bio key_pem(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(certificate_pem.get(), x);
  PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return {.certificate_pem = TakePem(certificate_pem), .key_pem = TakePem(key_pem)};
}

class FakeCa::CaService final : public istio::v1::auth::IstioCertificateService::Service {
 public:
  grpc::Status CreateCertificate(grpc::ServerContext* context, const istio::v1::auth::IstioCertificateRequest* request,
                                 istio::v1::auth::IstioCertificateResponse* response) override {
    SeenCall call{.csr = request->csr(), .ttl = request->validity_duration()};
    const auto& fields = request->metadata().fields();
    if (const auto found = fields.find("ImpersonatedIdentity"); found != fields.end()) {
      call.impersonated = found->second.string_value();
    }
    for (const auto& [key, value] : context->client_metadata()) {
      call.metadata.emplace(std::string(key.data(), key.size()), std::string(value.data(), value.size()));
    }
    const auto certificates = context->auth_context()->FindPropertyValues("x509_pem_cert");
    if (!certificates.empty()) call.client_certificate = {certificates[0].data(), certificates[0].size()};
    {
      const MutexLock lock(mutex_);
      calls_.push_back(std::move(call));
      context->AddTrailingMetadata("x-request-id", fmt::format("{:016x}", calls_.size()));
    }
    while (Hangs() && !context->IsCancelled()) std::this_thread::yield();
    const MutexLock lock(mutex_);
    if (!answers_.empty()) {
      const grpc::Status status = answers_.front();
      answers_.pop_front();
      return status;
    }
    for (const std::string& element : chain_) response->add_cert_chain(element);
    return grpc::Status::OK;
  }

  [[nodiscard]] bool Hangs() const {
    const MutexLock lock(mutex_);
    return hang_;
  }

  mutable Mutex mutex_;
  bool hang_ = false;
  std::vector<std::string> chain_{"leaf", "root"};
  std::deque<grpc::Status> answers_;
  std::vector<SeenCall> calls_;
};

class FakeCa::HealthService final : public grpc::health::v1::Health::Service {
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override {
    if (request->service() == "unknown") return {grpc::StatusCode::NOT_FOUND, "unknown service"};
    response->set_status(request->service() == "up" ? grpc::health::v1::HealthCheckResponse::SERVING
                                                    : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
    return grpc::Status::OK;
  }
};

FakeCa::FakeCa(SelfSigned identity)
    : identity_(std::move(identity)), ca_(std::make_unique<CaService>()), health_(std::make_unique<HealthService>()) {
  Start();
}

FakeCa::~FakeCa() { Stop(); }

void FakeCa::Stop() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
}

void FakeCa::Start() {
  grpc::SslServerCredentialsOptions tls(GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  tls.pem_key_cert_pairs.push_back({identity_.key_pem, identity_.certificate_pem});
  grpc::ServerBuilder builder;
  builder.AddListeningPort(fmt::format("127.0.0.1:{}", port_), grpc::SslServerCredentials(tls), &port_);
  builder.RegisterService(ca_.get());
  builder.RegisterService(health_.get());
  server_ = builder.BuildAndStart();
  address_ = fmt::format("127.0.0.1:{}", port_);
}

void FakeCa::Answer(grpc::StatusCode code, const std::string& message, const std::string& details) {
  const MutexLock lock(ca_->mutex_);
  ca_->answers_.emplace_back(code, message, details);
}

void FakeCa::SetChain(std::vector<std::string> chain) {
  const MutexLock lock(ca_->mutex_);
  ca_->chain_ = std::move(chain);
}

void FakeCa::Hang(bool hang) {
  const MutexLock lock(ca_->mutex_);
  ca_->hang_ = hang;
}

std::vector<SeenCall> FakeCa::Calls() const {
  const MutexLock lock(ca_->mutex_);
  return ca_->calls_;
}

}  // namespace rootkeep::testing
