// An agent that serves while a suite's tests run, and what they ask of its keys.
#pragma once

#include <openssl/err.h>

#include "tests/support/matchers.h"
#include "tests/support/provider_host.h"

namespace rootkeep {

struct KeyCase {
  const char* name;
  const char* digest;  // null: hashes by itself
  const char* type;    // as OpenSSL calls it
};
inline constexpr KeyCase kKeys[] = {
    {"p256", "SHA256", "EC"}, {"p384", "SHA384", "EC"}, {"rsa", "SHA256", "RSA"}, {"ed", nullptr, "ED25519"}};
inline constexpr testing::Listed kListed[] = {testing::Listed::kLast, testing::Listed::kFirst, testing::Listed::kAlone,
                                              testing::Listed::kLastPreferred, testing::Listed::kFirstPreferred};

class ProviderSuite : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { StartHost({"p256", "p384", "rsa", "ed"}, testing::KeysIn::kSoftHsm); }
  static void StartHost(const std::vector<std::string>& keys, testing::KeysIn where) {
    host_ = new testing::ProviderHost(keys, where);
    host_->hsm().UnloadModule();
    host_->StartAgent();
  }
  static void TearDownTestSuite() {
    EXPECT_EQ(host_->StopAgent(), 0);
    delete host_;
  }
  void TearDown() override { ERR_clear_error(); }

  // The public half of a key as a file has it, in OpenSSL's default context.
  static ossl::PKey FileKey(const std::string& name) {
    const Bytes& spki = host_->Info(name).public_key.spki();
    const unsigned char* at = spki.data();
    return ossl::PKey(d2i_PUBKEY(nullptr, &at, static_cast<long>(spki.size())));
  }

  inline static testing::ProviderHost* host_ = nullptr;
};

}  // namespace rootkeep
