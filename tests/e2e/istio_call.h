// One CreateCertificate exactly as a test words it, also as no client of ours would, on a connection of its own.
#pragma once

#include <gmock/gmock.h>
#include <google/protobuf/struct.pb.h>
#include <grpcpp/support/status.h>

#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "keystore/base/openssl.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {

struct IstioCall {
  std::string csr;  // PEM; empty: a fresh P-256 request without names
  std::int64_t ttl = 0;
  google::protobuf::Struct metadata;
  std::vector<std::pair<std::string, std::string>> headers;  // sent in this order, names may repeat
  const Identity* certificate = nullptr;                     // the client's; its chain is the leaf alone

  IstioCall& Bearer(const std::string& token) {
    headers.emplace_back("authorization", "Bearer " + token);
    return *this;
  }
  IstioCall& Metadata(const std::string& key, const std::string& text) {
    (*metadata.mutable_fields())[key].set_string_value(text);
    return *this;
  }
  IstioCall& Impersonate(const std::string& identity) { return Metadata("ImpersonatedIdentity", identity); }
};

struct IstioAnswer {
  grpc::Status status;
  std::vector<std::string> chain;
  std::string request_id;

  [[nodiscard]] bool ok() const { return status.ok(); }
  // The first block of an element of the chain. Aborts when there is none.
  [[nodiscard]] ossl::Cert Certificate(std::size_t element = 0) const;
};
void PrintTo(const IstioAnswer& answer, std::ostream* os);

// How the server is reached.
enum class Transport : std::uint8_t {
  kTls,
  kTlsUnverified,  // whatever certificate the server shows
  kPlain,
};

// Never waits longer than `patience`.
IstioAnswer Send(const std::string& address, const std::string& root_pem, const IstioCall& call,
                 Transport transport = Transport::kTls, std::chrono::milliseconds patience = std::chrono::seconds(20));

// The subject alternative names in order: "URI:spiffe://...", "DNS:a.test", "IP:0a000001".
std::vector<std::string> NamesOf(const X509* certificate);
// Seconds since the Unix epoch.
std::int64_t NotBeforeSeconds(const X509* certificate);
std::int64_t NotAfterSeconds(const X509* certificate);

MATCHER(WasIssued, "is an answer with a certificate") { return arg.ok() && arg.chain.size() >= 2; }

// An answer with a certificate for this URI and nothing else.
MATCHER_P(WasIssuedTo, uri, "is a certificate for " + std::string(uri)) {
  if (!arg.ok()) return false;
  const auto names = NamesOf(arg.Certificate().get());
  *result_listener << "names " << ::testing::PrintToString(names);
  return names == std::vector<std::string>{"URI:" + std::string(uri)};
}

MATCHER_P2(WasRefused, code, message, "was refused with exactly the words \"" + std::string(message) + "\"") {
  return arg.status.error_code() == code && arg.status.error_message() == message && arg.chain.empty();
}

// istio-protocol.md §1.6: opaque, whatever the reason.
inline auto AuthenticationRefused() {
  return WasRefused(grpc::StatusCode::UNAUTHENTICATED, "request authenticate failure");
}
inline auto ImpersonationRefused() {
  return WasRefused(grpc::StatusCode::UNAUTHENTICATED, "request impersonation authentication failure");
}
inline auto SigningError(grpc::StatusCode code, const std::string& detail) {
  return WasRefused(code, "CSR signing error (" + detail + ")");
}
inline auto InvalidRequest(const std::string& detail) {
  return SigningError(grpc::StatusCode::INVALID_ARGUMENT, detail);
}

// The handshake failed: the call never reached the service.
MATCHER(NeverConnected, "did not get past the handshake") {
  return arg.status.error_code() == grpc::StatusCode::UNAVAILABLE && arg.request_id.empty();
}

}  // namespace rootkeep::testing
