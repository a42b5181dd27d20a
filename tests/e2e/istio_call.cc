#include "tests/e2e/istio_call.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_credentials_options.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <ctime>

#include "keystore/base/bytes.h"
#include "proto/istio/ca.grpc.pb.h"
#include "signer/authority/certificates.h"
#include "tests/support/issuing_authority.h"

namespace rootkeep::testing {
namespace {

using istio::v1::auth::IstioCertificateRequest;
using istio::v1::auth::IstioCertificateResponse;
using istio::v1::auth::IstioCertificateService;

std::shared_ptr<grpc::ChannelCredentials> Credentials(const std::string& root_pem, const Identity* client,
                                                      Transport transport) {
  if (transport == Transport::kPlain) return grpc::InsecureChannelCredentials();
  if (transport == Transport::kTlsUnverified) {
    grpc::experimental::TlsChannelCredentialsOptions options;
    options.set_verify_server_certs(false);
    options.set_check_call_host(false);
    options.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
    return grpc::experimental::TlsCredentials(options);
  }
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = root_pem;
  if (client != nullptr) {
    options.pem_cert_chain = client->CertificatePem();
    options.pem_private_key = client->KeyPem();
  }
  return grpc::SslCredentials(options);
}

std::string TextOf(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::int64_t SecondsOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) std::abort();
  return timegm(&parts);
}

}  // namespace

ossl::Cert IstioAnswer::Certificate(std::size_t element) const {
  auto parsed = ParseCertificates(chain.at(element));
  if (!parsed.ok()) std::abort();
  return std::move(parsed->front());
}

void PrintTo(const IstioAnswer& answer, std::ostream* os) {
  *os << "code " << answer.status.error_code() << " \"" << answer.status.error_message() << "\", "
      << answer.chain.size() << " elements, request id \"" << answer.request_id << '"';
}

IstioAnswer Send(const std::string& address, const std::string& root_pem, const IstioCall& call, Transport transport,
                 std::chrono::milliseconds patience) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("grpc.use_local_subchannel_pool", 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  const auto stub = IstioCertificateService::NewStub(
      grpc::CreateCustomChannel(address, Credentials(root_pem, call.certificate, transport), arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + patience);
  for (const auto& [name, value] : call.headers) context.AddMetadata(name, value);
  IstioCertificateRequest request;
  request.set_csr(call.csr.empty() ? MakeCsrPem() : call.csr);
  request.set_validity_duration(call.ttl);
  *request.mutable_metadata() = call.metadata;
  IstioCertificateResponse response;
  IstioAnswer answer;
  answer.status = stub->CreateCertificate(&context, request, &response);
  answer.chain.assign(response.cert_chain().begin(), response.cert_chain().end());
  const auto& trailing = context.GetServerTrailingMetadata();
  if (const auto id = trailing.find("x-request-id"); id != trailing.end()) {
    answer.request_id.assign(id->second.data(), id->second.size());
  }
  return answer;
}

std::vector<std::string> NamesOf(const X509* certificate) {
  const ossl::Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> out;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_URI: out.push_back("URI:" + TextOf(name->d.uniformResourceIdentifier)); break;
      case GEN_DNS: out.push_back("DNS:" + TextOf(name->d.dNSName)); break;
      case GEN_IPADD: out.push_back("IP:" + ToHex(AsBytes(TextOf(name->d.iPAddress)))); break;
      default: out.emplace_back("another kind of name"); break;
    }
  }
  return out;
}

std::int64_t NotBeforeSeconds(const X509* certificate) { return SecondsOf(X509_get0_notBefore(certificate)); }
std::int64_t NotAfterSeconds(const X509* certificate) { return SecondsOf(X509_get0_notAfter(certificate)); }

}  // namespace rootkeep::testing
