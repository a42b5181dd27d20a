// Debian's libengine-pkcs11-openssl (libp11): keys of a PKCS#11 module in the application's own process.
#pragma once

#include <memory>
#include <string>

#include "keystore/base/openssl.h"
#include "keystore/base/result.h"

namespace rootkeep::bench {

// Thread-safe. Its keys keep it alive.
class Engine {
 public:
  // Whether OpenSSL finds an engine called pkcs11.
  static bool IsThere();
  // With this module, loaded into this process, and the user's PIN. At most one at a time.
  static Result<std::shared_ptr<Engine>> Open(const std::string& module_path, const std::string& pin);

  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  // A private key by its PKCS#11 URI; null, with OpenSSL's errors queued, when there is none.
  [[nodiscard]] ossl::PKey Load(const std::string& uri) const;

 private:
  explicit Engine(void* engine) : engine_(engine) {}

  void* engine_;  // ENGINE, whose type OpenSSL 3 has deprecated
};

}  // namespace rootkeep::bench
