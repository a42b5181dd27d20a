// The ways in which an application gets at a private key with OpenSSL: what is measured against each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "keystore/base/openssl.h"
#include "keystore/base/result.h"
#include "tests/support/provider_host.h"

namespace rootkeep::bench {

// A key that is open, and how to open it again.
struct OpenedWay {
  std::string name;
  std::shared_ptr<testing::LibraryContext> context;  // null: OpenSSL's default one
  std::function<ossl::PKey()> load;                  // null, with OpenSSL's errors queued, when it fails
  ossl::PKey key;

  [[nodiscard]] OSSL_LIB_CTX* library() const {
    return context == nullptr ? nullptr : static_cast<OSSL_LIB_CTX*>(*context);
  }
};

// The names of ways that this machine has, "file" first. A new one is a row of the table in ways.cc.
std::vector<std::string> WayNames();

// The host's keys for which there are ways: p256, rsa. Its token must hold no Ed25519 key, beside which libp11 0.4.12
// finds no key at all.
std::vector<std::string> KeyNames();

// The host's key `name` through its agent or its token; as "file" and "beside", another key of the same type in a
// file. The agent has to serve, and for "handover" a handover signer of that key.
Result<OpenedWay> OpenWay(const std::string& way, testing::ProviderHost& host, const std::string& name);

}  // namespace rootkeep::bench
