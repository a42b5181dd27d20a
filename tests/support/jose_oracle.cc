#include "tests/support/jose_oracle.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <openssl/err.h>

#include <memory>

namespace rootkeep::testing {
namespace {

struct Release {
  void operator()(cjose_jwk_t* key) const { cjose_jwk_release(key); }
  void operator()(cjose_jws_t* jws) const { cjose_jws_release(jws); }
  void operator()(json_t* json) const { json_decref(json); }
};
using Key = std::unique_ptr<cjose_jwk_t, Release>;

Key Import(const std::string& jwk) {
  cjose_err ignored;
  return Key(cjose_jwk_import(jwk.data(), jwk.size(), &ignored));
}

}  // namespace

bool JanssonReads(std::string_view text) {
  const std::unique_ptr<json_t, Release> json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES, nullptr));
  return json != nullptr;
}

bool CjoseReadsKey(const std::string& jwk) { return Import(jwk) != nullptr; }

bool CjoseVerifies(std::string_view token, const std::string& jwk) {
  cjose_err ignored;
  const Key key = Import(jwk);
  const std::unique_ptr<cjose_jws_t, Release> jws(cjose_jws_import(token.data(), token.size(), &ignored));
  const bool verified = key != nullptr && jws != nullptr && cjose_jws_verify(jws.get(), key.get(), &ignored);
  ERR_clear_error();
  return verified;
}

}  // namespace rootkeep::testing
