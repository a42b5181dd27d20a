#include "tools/attestation/attestation_stream.h"

#include <fmt/format.h>
#include <grpc/grpc_security_constants.h>
#include <openssl/pem.h>

#include "keystore/base/openssl.h"
#include "keystore/public_key.h"
#include "signer/client/channel.h"

namespace rootkeep {
namespace {

Result<Bytes> DigestOfCertificate(std::string_view pem) {
  const ossl::Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const ossl::Cert certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  unsigned char* out = nullptr;
  const int size = certificate == nullptr ? 0 : i2d_X509(certificate.get(), &out);
  if (size <= 0) return ossl::TakeError(Code::kInternal, "PEM_read_bio_X509");
  const Bytes der(out, out + size);
  OPENSSL_free(out);
  return Digest(Hash::kSha256, der);
}

}  // namespace

Result<std::unique_ptr<AttestationStream>> AttestationStream::Open(const std::shared_ptr<grpc::Channel>& channel,
                                                                   Deadline deadline, const std::stop_token& stop) {
  std::unique_ptr<AttestationStream> stream(new AttestationStream);
  SetDeadline(stream->context_, deadline);
  stream->cancel_.emplace(stop, Cancel{stream->context_});
  stream->stub_ = v1::NodeAttestation::NewStub(channel);
  // Returns when the call has a connection, or has none to hope for.
  stream->call_ = stream->stub_->Attest(&stream->context_);
  RK_RETURN_IF_ERROR(stream->IdentifyServer());
  return stream;
}

AttestationStream::~AttestationStream() {
  if (call_ == nullptr || finished_) return;
  context_.TryCancel();
  // Not before it has ended may the context go.
  static_cast<void>(call_->Finish());
}

Status AttestationStream::IdentifyServer() {
  const auto connection = context_.auth_context();
  if (connection == nullptr) return Broken("connect");
  const auto certificates = connection->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (certificates.size() != 1) return Broken("connect");
  RK_TRY(server_identity_, DigestOfCertificate({certificates.front().data(), certificates.front().size()}));
  return Ok();
}

Status AttestationStream::Send(const v1::AttestRequest& request) {
  if (call_->Write(request)) return Ok();
  return Broken("send");
}

Result<v1::AttestResponse> AttestationStream::Receive() {
  v1::AttestResponse response;
  if (call_->Read(&response)) return response;
  return Broken("receive");
}

Status AttestationStream::Finish() {
  call_->WritesDone();
  v1::AttestResponse more;
  if (call_->Read(&more)) return Error(Code::kDataLoss, "Attest: a message follows the result");
  finished_ = true;
  const grpc::Status status = call_->Finish();
  if (!status.ok()) return FromGrpc("Attest", status);
  return Ok();
}

Error AttestationStream::Broken(const char* step) {
  if (finished_) return Internal("Attest: used after its end");
  // A server that waits for the next message would not end it.
  call_->WritesDone();
  v1::AttestResponse unread;
  while (call_->Read(&unread)) {
  }
  finished_ = true;
  const grpc::Status status = call_->Finish();
  Error error = status.ok()
                    ? Error(Code::kDataLoss, fmt::format("Attest: the service ended the stream early ({})", step))
                    : FromGrpc(fmt::format("Attest ({})", step).c_str(), status);
  const auto& metadata = context_.GetServerTrailingMetadata();
  const auto id = metadata.find("x-request-id");
  if (id == metadata.end()) return error;
  return std::move(error).WithHint(fmt::format("the exact reason is in the server's log under request_id {}",
                                               std::string_view(id->second.data(), id->second.size())));
}

}  // namespace rootkeep
