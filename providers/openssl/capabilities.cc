// The groups of TLS whose ephemeral keys an EC key manager makes. OpenSSL uses a group only when the provider that
// announces it is the one whose EC it would take; so when this one is listed before the default provider, TLS would
// have no P-256 without these. Their keys are ordinary ones, as all that nobody names in an agent.
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/prov_ssl.h>

#include <string_view>

#include "providers/openssl/dispatch.h"

namespace rootkeep::provider {
namespace {

struct Group {
  const char* name;
  const char* curve;
  unsigned id;             // RFC 8422 §5.1.1
  unsigned security_bits;  // NIST SP 800-57 part 1, table 2
};

constexpr Group kGroups[] = {{"secp256r1", "prime256v1", 23, 128}, {"P-256", "prime256v1", 23, 128},
                             {"secp384r1", "secp384r1", 24, 192},  {"P-384", "secp384r1", 24, 192},
                             {"secp521r1", "secp521r1", 25, 256},  {"P-521", "secp521r1", 25, 256}};

bool Announce(const Group& group, OSSL_CALLBACK* callback, void* argument) noexcept {
  unsigned id = group.id;
  unsigned security_bits = group.security_bits;
  unsigned is_kem = 0;
  int lowest_tls = TLS1_VERSION;
  int lowest_dtls = DTLS1_VERSION;
  int highest = 0;  // without a limit
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_CAPABILITY_TLS_GROUP_NAME, const_cast<char*>(group.name), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_CAPABILITY_TLS_GROUP_NAME_INTERNAL, const_cast<char*>(group.curve), 0),
      OSSL_PARAM_construct_utf8_string(OSSL_CAPABILITY_TLS_GROUP_ALG, const_cast<char*>("EC"), 0),
      OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_ID, &id),
      OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_SECURITY_BITS, &security_bits),
      OSSL_PARAM_construct_uint(OSSL_CAPABILITY_TLS_GROUP_IS_KEM, &is_kem),
      OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MIN_TLS, &lowest_tls),
      OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MAX_TLS, &highest),
      OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MIN_DTLS, &lowest_dtls),
      OSSL_PARAM_construct_int(OSSL_CAPABILITY_TLS_GROUP_MAX_DTLS, &highest),
      OSSL_PARAM_construct_end()};
  return callback(params, argument) == 1;
}

}  // namespace

int GetCapabilities(void* /*context*/, const char* capability, OSSL_CALLBACK* callback, void* argument) noexcept {
  if (std::string_view(capability) != "TLS-GROUP") return 0;
  for (const Group& group : kGroups) {
    if (!Announce(group, callback, argument)) return 0;
  }
  return 1;
}

}  // namespace rootkeep::provider
