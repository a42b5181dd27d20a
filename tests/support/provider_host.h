// rootkeep-agent with a key of each type on SoftHSM or in a TPM, and OpenSSL configurations that load rootkeep.so for
// them.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/openssl.h"
#include "tests/support/softhsm.h"
#include "tests/support/swtpm.h"
#include "tools/rootkeep/sandbox/child.h"

namespace rootkeep::testing {

// How a configuration lists the provider.
enum class Listed : std::uint8_t { kLast, kFirst, kAlone, kLastPreferred, kFirstPreferred };

// What has the keys.
enum class KeysIn : std::uint8_t { kSoftHsm, kTpm };

// Failures abort the test program.
class ProviderHost {
 public:
  // With these of the keys p256, p384, rsa, rsa3072, rsa4096 and ed; a TPM has no ed.
  explicit ProviderHost(const std::vector<std::string>& keys = {"p256", "p384", "rsa", "ed"},
                        KeysIn where = KeysIn::kSoftHsm);
  ProviderHost(const ProviderHost&) = delete;
  ProviderHost& operator=(const ProviderHost&) = delete;

  [[nodiscard]] const std::string& directory() const { return hsm_.directory(); }
  [[nodiscard]] std::string Path(const std::string& name) const { return directory() + "/" + name; }
  [[nodiscard]] std::string socket() const { return directory() + "/run-web/keys"; }
  SoftHsm& hsm() { return hsm_; }
  // Unplugs what has the keys, and plugs it in again.
  void TakeAway();
  void GiveBack();

  // From the next agent on the token is behind this module, which has this in its environment and passes calls on to
  // SoftHSM's.
  void UseModule(std::string path, std::map<std::string, std::string> environment);
  // Puts the private key of a PEM file into the token, under the name that a key of this host's has.
  void Import(const std::string& key, const std::string& pem_file) const;

  // The agent, which may create keys for its callers. Waits until it serves.
  void StartAgent();
  void KillAgent();
  [[nodiscard]] int StopAgent();
  [[nodiscard]] pid_t agent_pid() const { return agent_->pid(); }

  // A configuration file; `section` is lines more for the provider's section, in which `socket` is this host's.
  [[nodiscard]] std::string Config(Listed listed = Listed::kLast, const std::string& section = "") const;
  // A key reference in Rootkeep's own layout, and in pkcs11-provider's.
  [[nodiscard]] std::string Reference(const std::string& key, const Bytes& fingerprint = {}) const;
  // The first with another socket in it.
  [[nodiscard]] std::string ReferenceAt(const std::string& key, const std::string& socket) const;
  [[nodiscard]] std::string Pkcs11Reference(const std::string& key, const std::string& query = "") const;
  [[nodiscard]] std::string Uri(const std::string& key) const;
  [[nodiscard]] std::string Pkcs11Uri(const std::string& key) const;
  [[nodiscard]] const KeyInfo& Info(const std::string& key) const { return keys_.at(key); }

  // A file that a test writes.
  std::string WriteFile(const std::string& name, const std::string& text) const;

 private:
  // What the agent's configuration says of what has the keys.
  [[nodiscard]] std::string Hardware() const;
  // Its token's label.
  [[nodiscard]] std::string Label() const;
  std::shared_ptr<KeyStore> OpenStore();

  SoftHsm hsm_;                 // its directory also when the keys are in the TPM
  std::unique_ptr<SwTpm> tpm_;  // null: they are on SoftHSM
  std::map<std::string, KeyInfo> keys_;
  std::string module_path_;
  std::map<std::string, std::string> module_environment_;
  std::unique_ptr<cli::Child> agent_;
};

// A library context with a configuration of its own. Aborts when the configuration cannot be loaded.
class LibraryContext {
 public:
  explicit LibraryContext(const std::string& config);
  LibraryContext(const LibraryContext&) = delete;
  LibraryContext& operator=(const LibraryContext&) = delete;
  ~LibraryContext() { OSSL_LIB_CTX_free(context_); }

  // NOLINTNEXTLINE(google-explicit-constructor): what OpenSSL's functions take
  operator OSSL_LIB_CTX*() const { return context_; }

 private:
  OSSL_LIB_CTX* context_;
};

// As an application reads a private key; null, with OpenSSL's errors queued, when it cannot.
ossl::PKey ReadKey(OSSL_LIB_CTX* context, const std::string& pem);
// Those errors as one text, and none queued any more.
std::string TakeErrors();
// Empty when it fails.
std::string SignMessage(OSSL_LIB_CTX* context, EVP_PKEY* key, const char* digest, const std::string& message);
// By OpenSSL's default provider.
bool VerifyMessage(EVP_PKEY* key, const char* digest, const std::string& message, const std::string& signature);

}  // namespace rootkeep::testing
