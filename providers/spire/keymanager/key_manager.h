// What SPIRE's KeyManager does, for server and agent alike.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/snapshot.h"
#include "keystore/base/turn.h"
#include "providers/spire/keymanager/key_agent.h"
#include "providers/spire/plugin/config_service.h"

namespace rootkeep::spire {

// SPIRE's number of a type that it has.
int SpireTypeOf(keysocket::WireType type);

// Thread-safe. A key is made and used in the agent's token; here is only what it is called. Errors have the codes and
// texts of SPIRE's own key managers (pkg/server/plugin/keymanager/base), and the agent's for what becomes of its token:
// UNAVAILABLE at the deadline when that is away. FAILED_PRECONDITION "not configured" before Configure.
class KeyManager final : public Configurable {
 public:
  // What a call is given at most: SPIRE waits for 30 s.
  static constexpr std::chrono::seconds kCallDeadline{10};
  static constexpr std::chrono::seconds kGenerateDeadline{25};
  // How long a call waits for an agent that is being restarted, and Configure for one that is not up yet.
  static constexpr std::chrono::milliseconds kReconnectWait{1000};
  static constexpr std::chrono::seconds kStartPatience{9};

  // Asks the agent for the keys that there are: UNAVAILABLE when it is not there, so that SPIRE says why it does not
  // start, and does not take its keys for lost.
  Status Configure(const std::string& trust_domain, hcl::Section& settings) override;
  Status Validate(const std::string& trust_domain, hcl::Section& settings) override;

  // `type` is SPIRE's number. The key of that id, if there is one, is replaced when the new one is there.
  // Waits while others' keys are being made; nothing is made for a caller that has gone meanwhile.
  Result<ManagedKey> GenerateKey(const std::string& id, int type, const Patience& patience);
  // As the agent has it now; nothing when there is no such key.
  Result<std::optional<ManagedKey>> GetPublicKey(const std::string& id, Deadline deadline);
  Result<ManagedKeys> GetPublicKeys(Deadline deadline);

  struct Signed {
    std::string signature;
    keysocket::Fingerprint fingerprint;  // of the key that made it
    std::chrono::nanoseconds queued;     // that it waited for its turn in the agent
  };
  // `options` absent: SPIRE gave none. May be asked again after UNAVAILABLE or RESOURCE_EXHAUSTED.
  Result<Signed> SignData(const std::string& id, const std::optional<SignerOptions>& options, std::string_view digest,
                          const Patience& patience);

  // Of one configuration.
  struct Instance;
  // A signature that the agent has been asked for.
  struct Asked {
    std::shared_ptr<const Instance> instance;
    keysocket::PendingSignature pending;
    keysocket::Fingerprint fingerprint;
  };
  // The same in two steps, neither of which waits, for a thread that has something else to do until `pending` is
  // readable. Nothing when the agent cannot be asked like that, or not for this: SignData does what can be done.
  std::optional<Asked> SignDataBegin(const std::string& id, const std::optional<SignerOptions>& options,
                                     std::string_view digest, Deadline deadline);
  static Result<Signed> SignDataEnd(Asked asked);
  // Whether SignData may do better than an answer with this error: wait, or ask for the key that has taken this one's
  // place.
  static bool MayGoBetter(const Error& error);

 private:
  Result<std::shared_ptr<const Instance>> Configured() const;

  Snapshot<Instance> instance_{nullptr};
};

}  // namespace rootkeep::spire
