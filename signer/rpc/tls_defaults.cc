#include "signer/rpc/tls_defaults.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <array>
#include <string_view>

#include "keystore/base/openssl.h"

namespace rootkeep {
namespace {

// Replaces what /etc/ssl/openssl.cnf says under the same heading, so its floor is said again here.
constexpr std::string_view kConfiguration = R"(openssl_conf = rootkeep_init
[rootkeep_init]
ssl_conf = rootkeep_ssl
[rootkeep_ssl]
system_default = rootkeep_tls
[rootkeep_tls]
MinProtocol = TLSv1.2
CipherString = DEFAULT@SECLEVEL=2
Ciphersuites = TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256
Options = ServerPreference,-SessionTicket
NumTickets = 0
)";

// gRPC sets P-256 alone on each of its contexts, after the configuration has been applied; each connection made from
// one gets ours in its place. Called by OpenSSL at the end of SSL_new.
void SetGroups(void* connection, void*, CRYPTO_EX_DATA*, int, long, void*) {
  static constexpr std::array kGroups{NID_X25519, NID_X9_62_prime256v1};
  auto* ssl = static_cast<SSL*>(connection);
  if (SSL_is_server(ssl) == 0) return;
  ERR_set_mark();
  SSL_set1_groups(ssl, kGroups.data(), kGroups.size());  // out of memory: P-256 stays
  ERR_pop_to_mark();
}

}  // namespace

Status ApplyTlsDefaults() {
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  const ossl::Owned<CONF, NCONF_free> configuration(NCONF_new(nullptr));
  const ossl::Bio text(BIO_new_mem_buf(kConfiguration.data(), static_cast<int>(kConfiguration.size())));
  if (configuration == nullptr || text == nullptr || NCONF_load_bio(configuration.get(), text.get(), nullptr) != 1) {
    return ossl::TakeError(Code::kInternal, "NCONF_load_bio");
  }
  if (CONF_modules_load(configuration.get(), nullptr, 0) != 1) {
    return ossl::TakeError(Code::kInternal, "CONF_modules_load");
  }
  if (SSL_get_ex_new_index(0, nullptr, SetGroups, nullptr, nullptr) < 0) {
    return ossl::TakeError(Code::kInternal, "SSL_get_ex_new_index");
  }
  return Ok();
}

}  // namespace rootkeep
