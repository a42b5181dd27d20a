// One token, TPM or key socket: open, create and list keys; what only some devices can do is a capability beside it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/key_info.h"
#include "keystore/key_spec.h"
#include "keystore/key_uri.h"
#include "keystore/public_key.h"
#include "keystore/signer.h"

namespace rootkeep {

// Asks the device whether it is there and logged in, without signing.
class HealthProbe {
 public:
  virtual ~HealthProbe() = default;
  // UNAVAILABLE while the device is away; FAILED_PRECONDITION while a wrong PIN is latched. Brings the device back
  // (re-initialises the module, logs in once) when it has returned.
  virtual Status Probe(Deadline deadline) = 0;
};

// A key that a device does not list any more, as it was known.
struct KeyRemains {
  std::string label;
  Bytes id;  // CKA_ID; not empty
  PublicKey public_key;
};

// Destroys a key; only operators' tools reach for it, and the agent for keys that their owner replaced.
class KeyDeleter {
 public:
  virtual ~KeyDeleter() = default;
  // NOT_FOUND, or FAILED_PRECONDITION when more than one key answers to `uri`, or more than one public half to the key.
  // Then nothing is destroyed. After another error a part of the key may be gone.
  virtual Status Delete(const KeyUri& uri, Deadline deadline) = 0;
  // Destroys what a Delete that failed midway left of this key: a public half with this label, id and public key, all
  // three, whose private half is gone. Ok only when the device was asked and has none now, also when it had none.
  // FAILED_PRECONDITION when a private key has the id, INVALID_ARGUMENT for an empty id: nothing is destroyed.
  virtual Status DeleteRemains(const KeyRemains& remains, Deadline deadline) = 0;
};

// How much room a device has for keys, in octets, as it says.
struct DeviceSpace {
  std::uint64_t free = 0;
  std::uint64_t total = 0;  // not zero
};

// Asks how full the device is.
class SpaceProbe {
 public:
  virtual ~SpaceProbe() = default;
  // Nothing where the device does not say. Errors as HealthProbe::Probe.
  virtual Result<std::optional<DeviceSpace>> Space(Deadline deadline) = 0;
};

// Thread-safe. Open and List work on what the device holds at the time of the call.
class KeyStore {
 public:
  KeyStore() = default;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;
  virtual ~KeyStore() = default;

  // The one key that `uri` names. NOT_FOUND; FAILED_PRECONDITION when several match; UNAVAILABLE while the device is
  // away. The signer may outlive this store only as long as the device handle it shares.
  virtual Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) = 0;

  // Generates a key inside the device, sign-only, at spec.custody. ALREADY_EXISTS when the label is taken;
  // UNIMPLEMENTED when the device does not offer the type. The info carries the canonical URI.
  virtual Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) = 0;

  // Every private key of a KeyType with its public half; others are left out.
  virtual Result<std::vector<KeyInfo>> List(Deadline deadline) = 0;

  // Capabilities: null where the backend has none. Owned by the store.
  virtual HealthProbe* health() { return nullptr; }
  virtual KeyDeleter* deleter() { return nullptr; }
  virtual SpaceProbe* space() { return nullptr; }
};

}  // namespace rootkeep
