// What OpenSSL finds in rootkeep.so.
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "providers/openssl/context.h"
#include "providers/openssl/dispatch.h"

namespace rootkeep::provider {
namespace {

const OSSL_ALGORITHM* QueryOperation(void* /*context*/, int operation, int* no_cache) noexcept {
  *no_cache = 0;
  switch (operation) {
    case OSSL_OP_KEYMGMT: return KeyManagers();
    case OSSL_OP_SIGNATURE: return Signatures();
    case OSSL_OP_DECODER: return Decoders();
    case OSSL_OP_ENCODER: return Encoders();
    case OSSL_OP_STORE: return Stores();
    default: return nullptr;
  }
}

const OSSL_PARAM* GettableParams(void* /*context*/) noexcept {
  static const OSSL_PARAM kParams[] = {OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_NAME, nullptr, 0),
                                       OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_VERSION, nullptr, 0),
                                       OSSL_PARAM_utf8_ptr(OSSL_PROV_PARAM_BUILDINFO, nullptr, 0),
                                       OSSL_PARAM_int(OSSL_PROV_PARAM_STATUS, nullptr), OSSL_PARAM_END};
  return kParams;
}

int GetParams(void* /*context*/, OSSL_PARAM params[]) noexcept {
  const auto text = [&](const char* name, const char* value) {
    OSSL_PARAM* param = OSSL_PARAM_locate(params, name);
    return param == nullptr || OSSL_PARAM_set_utf8_ptr(param, value) == 1;
  };
  OSSL_PARAM* status = OSSL_PARAM_locate(params, OSSL_PROV_PARAM_STATUS);
  return static_cast<int>(text(OSSL_PROV_PARAM_NAME, "Rootkeep: keys behind a key socket") &&
                          text(OSSL_PROV_PARAM_VERSION, ROOTKEEP_VERSION) &&
                          text(OSSL_PROV_PARAM_BUILDINFO, ROOTKEEP_VERSION) &&
                          (status == nullptr || OSSL_PARAM_set_int(status, 1) == 1));
}

void Teardown(void* context) noexcept { delete static_cast<Context*>(context); }

const OSSL_DISPATCH kProvider[] = {
    Entry<OSSL_FUNC_provider_teardown_fn>(OSSL_FUNC_PROVIDER_TEARDOWN, Teardown),
    Entry<OSSL_FUNC_provider_gettable_params_fn>(OSSL_FUNC_PROVIDER_GETTABLE_PARAMS, GettableParams),
    Entry<OSSL_FUNC_provider_get_params_fn>(OSSL_FUNC_PROVIDER_GET_PARAMS, GetParams),
    Entry<OSSL_FUNC_provider_query_operation_fn>(OSSL_FUNC_PROVIDER_QUERY_OPERATION, QueryOperation),
    Entry<OSSL_FUNC_provider_get_capabilities_fn>(OSSL_FUNC_PROVIDER_GET_CAPABILITIES, GetCapabilities),
    Entry<OSSL_FUNC_provider_get_reason_strings_fn>(OSSL_FUNC_PROVIDER_GET_REASON_STRINGS, ReasonStrings),
    {0, nullptr}};

}  // namespace
}  // namespace rootkeep::provider

extern "C" __attribute__((visibility("default"))) int OSSL_provider_init(const OSSL_CORE_HANDLE* core,
                                                                         const OSSL_DISPATCH* calls,
                                                                         const OSSL_DISPATCH** out, void** context) {
  auto made = rootkeep::provider::Context::Create(core, calls);
  if (made == nullptr) return 0;
  *context = made.release();
  *out = rootkeep::provider::kProvider;
  return 1;
}
