// The keys of one instance, as rootkeep-agent has them behind its key socket.
#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>

#include "keystore/base/clock.h"
#include "keystore/keysocket/wire/client.h"
#include "providers/spire/keymanager/sign_request.h"

namespace rootkeep::spire {

struct ManagedKey {
  std::string id;  // SPIRE's
  std::uint32_t generation = 0;
  keysocket::WireType type = keysocket::WireType::kEcP256;
  keysocket::Fingerprint fingerprint{};
  std::uint32_t schemes = 0;  // as KeyDescription has them
  std::string spki;           // DER SubjectPublicKeyInfo
};
using ManagedKeys = std::map<std::string, ManagedKey, std::less<>>;  // by id, the newest of each

struct MadeSignature {
  std::string octets;                  // ECDSA: DER
  std::chrono::nanoseconds queued{0};  // that it waited for its turn in the agent
};

// How long a caller waits.
struct Patience {
  Deadline deadline;
  std::stop_token gone;  // requested when it waits no more
};

// Waits for as long as the agent said with a refusal. False when it did not say, or that is too late, or when nobody
// waits any more.
bool WaitToAskAgain(const Error& refusal, const Patience& patience);

// Thread-safe; blocks until the agent has answered, or the deadline passed. Errors have the agent's codes and words;
// that it is away, or does not answer, is UNAVAILABLE.
class KeyAgent {
 public:
  // `wait` is how long a call waits for an agent that is not there.
  KeyAgent(const std::string& socket, std::string instance, std::chrono::milliseconds wait)
      : client_(socket, {.reconnect_wait = wait}), instance_(std::move(instance)) {}

  // INTERNAL when two keys have one label, in two tokens: which is meant nobody can say.
  Result<ManagedKeys> List(Deadline deadline);
  // The next generation. Asked for once: when the answer is lost, there may be one more than is known.
  // RESOURCE_EXHAUSTED kReasonCreations with retry_after where others' keys are being made: nothing was begun.
  Result<ManagedKey> Create(const std::string& id, keysocket::WireType type, Deadline deadline);
  // UNIMPLEMENTED when the token does not offer what is asked for. Where too many wait for the token, it is
  // asked again when the agent says, unless the caller has gone.
  Result<MadeSignature> Sign(const ManagedKey& key, const SignRequest& request, const Patience& patience);
  // The same in two steps, neither of which waits. Nothing when the agent cannot be asked without waiting for it, or
  // not for this: Sign does what can be done. SignEnd is for when the answer is readable; with retry_after where the
  // agent wants to be asked later.
  std::optional<keysocket::PendingSignature> SignBegin(const ManagedKey& key, const SignRequest& request,
                                                       Deadline deadline);
  Result<MadeSignature> SignEnd(keysocket::PendingSignature pending);

 private:
  // Nothing for a key of another instance's or of a type that SPIRE does not have.
  [[nodiscard]] Result<std::optional<ManagedKey>> Read(const keysocket::KeyDescription& key) const;

  keysocket::Client client_;
  const std::string instance_;
};

}  // namespace rootkeep::spire
