// What the `ca` commands do, step by step; shared with `rootkeep dev` and the demo.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "keystore/key_store.h"
#include "signer/authority/ca_certificate.h"

namespace rootkeep::cli {

// One issuing CA to be.
struct CaPlan {
  std::string name;
  std::uint32_t generation = 1;
  std::string trust_domain;
  KeyType type = KeyType::kEcP256;
  CustodyLevel custody = CustodyLevel::kLocalOnly;
  // Take keys that are in the token already, and make only those that are not: to go on after an interruption.
  bool use_existing_keys = false;
  std::chrono::seconds ttl{0};       // of the issuing certificate; 0: the profile's default
  std::chrono::seconds root_ttl{0};  // of the root's
  unsigned path_length = 0;          // how many CAs there may be below the issuing one
  bool self_signed = false;          // the issuing key is the root's
};

// Called after each step with one line about it.
using Narrator = std::function<void(const std::string& line)>;

// What issuing CAs are made and judged by.
Profile IssuingProfile(unsigned path_length);

// The issuing key rk/rootkeep-ca/<name>/<generation>, its custody facts checked.
Result<std::shared_ptr<const Signer>> MakeIssuingKey(KeyStore& store, const CaPlan& plan);

CaSubject IssuingSubject(const CaPlan& plan);

// A root in a token.
struct RootCa {
  std::shared_ptr<const Signer> signer;
  Bytes certificate_der;
};

// The root key rk/rootkeep-ca/<name>-root/1 and its self-signed certificate.
Result<RootCa> MakeRoot(KeyStore& store, const CaPlan& plan, WallTime now);

// A self-signed certificate for the issuing key, DER: that of a root with the plan's path length.
Result<Bytes> SelfSignIssuing(const Signer& issuing, const CaPlan& plan, WallTime now);

// The root whose certificate is `certificate_pem` (one block) and whose key is in `store`.
Result<RootCa> OpenRoot(KeyStore& store, const std::string& certificate_pem);

// Has `root` certify the issuing key by way of a request, as a root kept elsewhere would. The issuing certificate, PEM.
Result<std::string> Certify(const RootCa& root, const Signer& issuing, const CaPlan& plan, WallTime now);

// Where an authority is installed, and how long its path may be at most.
struct InstallPlan {
  std::string state_directory;
  std::string name;
  std::uint32_t generation = 1;
  unsigned path_length = 0;
};

// Checks what came back for the key and writes the authority's directory. Errors as CheckInstalled and
// WriteAuthorityFiles.
Status Install(const Signer& issuing, const std::string& chain_pem, const std::string& bundle_pem,
               const InstallPlan& plan, WallTime now);

// ALREADY_EXISTS when the generation has been installed: asked before any key is made.
Status CheckNotInstalled(const std::string& state_directory, const std::string& name, std::uint32_t generation);

// What `ca init` made.
struct InitialisedCa {
  KeyInfo root_key;
  KeyInfo issuing_key;
  std::string chain_pem;
  std::string bundle_pem;
};

// All of it: root (made, or the one of `root_certificate_pem` when that is not empty; with self_signed the issuing key
// itself), issuing key, certificate, installation. `issuing` and `root` may be the same store.
Result<InitialisedCa> InitCa(KeyStore& issuing, KeyStore& root, const CaPlan& plan,
                             const std::string& root_certificate_pem, const std::string& state_directory,
                             const Narrator& say);

}  // namespace rootkeep::cli
