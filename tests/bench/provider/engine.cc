#define OPENSSL_SUPPRESS_DEPRECATED  // engines are what is measured here
#include "tests/bench/provider/engine.h"

#include <openssl/engine.h>

namespace rootkeep::bench {
namespace {

using EnginePtr = ossl::Owned<ENGINE, ENGINE_free>;

}  // namespace

bool Engine::IsThere() {
  const EnginePtr engine(ENGINE_by_id("pkcs11"));
  ossl::ClearErrors();
  return engine != nullptr;
}

Result<std::shared_ptr<Engine>> Engine::Open(const std::string& module_path, const std::string& pin) {
  EnginePtr engine(ENGINE_by_id("pkcs11"));
  if (engine == nullptr) return ossl::TakeError(Code::kNotFound, "ENGINE_by_id");
  if (ENGINE_ctrl_cmd_string(engine.get(), "MODULE_PATH", module_path.c_str(), 0) != 1 ||
      ENGINE_ctrl_cmd_string(engine.get(), "PIN", pin.c_str(), 0) != 1 || ENGINE_init(engine.get()) != 1) {
    return ossl::TakeError(Code::kInternal, "ENGINE_init");
  }
  return std::shared_ptr<Engine>(new Engine(engine.release()));
}

Engine::~Engine() {
  auto* engine = static_cast<ENGINE*>(engine_);
  ENGINE_finish(engine);
  ENGINE_free(engine);
}

ossl::PKey Engine::Load(const std::string& uri) const {
  return ossl::PKey(ENGINE_load_private_key(static_cast<ENGINE*>(engine_), uri.c_str(), nullptr, nullptr));
}

}  // namespace rootkeep::bench
