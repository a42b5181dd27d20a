#include "signer/rpc/tls_defaults.h"

#include <openssl/conf.h>
#include <openssl/crypto.h>

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
Options = ServerPreference,-SessionTicket
NumTickets = 0
)";

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
  return Ok();
}

}  // namespace rootkeep
