#include "tests/bench/load/tls_client.h"

#include <fmt/format.h>
#include <openssl/pem.h>

#include <algorithm>

namespace rootkeep::bench {
namespace {

// As ztunnel: TLS 1.3, AES-GCM and one key share, of X25519.
constexpr auto kPriorities =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:"
    "+GROUP-SECP384R1";

gnutls_datum_t DatumOf(std::string_view text) {
  // GnuTLS reads through this pointer only.
  auto* octets = const_cast<unsigned char*>(AsBytes(text).data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  return {octets, static_cast<unsigned>(text.size())};
}

Result<std::string> PemOf(EVP_PKEY* key) {
  const ossl::Bio bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr || PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "PEM_write_bio_PrivateKey");
  }
  char* text = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &text);
  return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace

Error GnutlsError(int code, std::string_view call) {
  const bool of_peer = code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_FATAL_ALERT_RECEIVED ||
                       code == GNUTLS_E_PULL_ERROR || code == GNUTLS_E_PUSH_ERROR;
  const std::string text = fmt::format("{}: {} ({})", call, gnutls_strerror_name(code), gnutls_strerror(code));
  return of_peer ? Unavailable(text) : Internal(text);
}

Result<std::unique_ptr<TlsClient>> TlsClient::Create(const std::string& roots, const std::string& server_name) {
  std::unique_ptr<TlsClient> client(new TlsClient(roots, server_name));
  gnutls_priority_t priorities = nullptr;
  const int code = gnutls_priority_init(&priorities, kPriorities, nullptr);
  if (code < 0) return GnutlsError(code, "gnutls_priority_init");
  client->priorities_.reset(priorities);
  RK_TRY(client->anonymous_, client->NewCredentials());
  return client;
}

Result<CredentialsPtr> TlsClient::NewCredentials() const {
  gnutls_certificate_credentials_t made = nullptr;
  int code = gnutls_certificate_allocate_credentials(&made);
  if (code < 0) return GnutlsError(code, "gnutls_certificate_allocate_credentials");
  CredentialsPtr credentials(made);
  code = gnutls_certificate_set_x509_trust_file(made, roots_.c_str(), GNUTLS_X509_FMT_PEM);
  if (code < 0) return GnutlsError(code, "gnutls_certificate_set_x509_trust_file");
  if (code == 0) return InvalidArgument(roots_ + " holds no certificate");
  return credentials;
}

Result<ClientIdentity> TlsClient::Identify(const std::string& chain, EVP_PKEY* key) const {
  RK_TRY(CredentialsPtr credentials, NewCredentials());
  RK_TRY(const std::string key_pem, PemOf(key));
  const gnutls_datum_t chain_datum = DatumOf(chain);
  const gnutls_datum_t key_datum = DatumOf(key_pem);
  const int code =
      gnutls_certificate_set_x509_key_mem(credentials.get(), &chain_datum, &key_datum, GNUTLS_X509_FMT_PEM);
  if (code < 0) return GnutlsError(code, "gnutls_certificate_set_x509_key_mem");
  return ClientIdentity{.credentials = std::move(credentials)};
}

Result<SessionPtr> TlsClient::NewSession(const ClientIdentity* identity) {
  gnutls_session_t made = nullptr;
  int code = gnutls_init(&made, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_KEY_SHARE_TOP);
  if (code < 0) return GnutlsError(code, "gnutls_init");
  SessionPtr session(made);
  const auto check = [&code](int returned) {
    if (code >= 0) code = returned;
  };
  const gnutls_datum_t protocol = DatumOf("h2");
  gnutls_certificate_credentials_t credentials = identity == nullptr ? anonymous_.get() : identity->credentials.get();
  check(gnutls_priority_set(made, priorities_.get()));
  check(gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, credentials));
  check(gnutls_server_name_set(made, GNUTLS_NAME_DNS, server_name_.data(), server_name_.size()));
  check(gnutls_alpn_set_protocols(made, &protocol, 1, GNUTLS_ALPN_MANDATORY));
  if (code < 0) return GnutlsError(code, "set up a TLS session");
  return session;
}

Status TlsClient::VerifyServer(gnutls_session_t session) {
  unsigned count = 0;
  const gnutls_datum_t* chain = gnutls_certificate_get_peers(session, &count);
  if (chain == nullptr || count == 0) return Unavailable("the server showed no certificate");
  const ByteView leaf(chain[0].data, chain[0].size);
  if (std::ranges::equal(leaf, verified_leaf_)) return Ok();
  unsigned wrong = 0;
  const int code = gnutls_certificate_verify_peers3(session, server_name_.c_str(), &wrong);
  if (code < 0) return GnutlsError(code, "gnutls_certificate_verify_peers3");
  if (wrong != 0) return Unavailable(fmt::format("the server's certificate does not verify: status {:#x}", wrong));
  verified_leaf_ = ToBytes(leaf);
  return Ok();
}

}  // namespace rootkeep::bench
