// A token behind a process of its own: the module is loaded, the PIN read and every call made there.
#pragma once

#include <memory>

#include "keystore/isolated/backend/supervisor.h"
#include "keystore/key_store.h"

namespace rootkeep::isolated {

// Thread-safe. A call that does not return ends the process; the others that it was busy with are made once more in a
// new one, unless that could make a key twice. Whatever the process sends is taken for hostile: it may hold a module
// that has gone wrong.
class IsolatedStore final : public KeyStore, private HealthProbe, private KeyDeleter, private SpaceProbe {
 public:
  explicit IsolatedStore(HostOptions options) : supervisor_(std::make_shared<Supervisor>(std::move(options))) {}

  // Starts the process. FAILED_PRECONDITION when the program cannot be run, the module cannot be loaded or its PIN
  // source is not safe; an absent token is no error. Later calls start it again by themselves.
  Status Start(Deadline deadline);

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override;
  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override;
  Result<std::vector<KeyInfo>> List(Deadline deadline) override;
  HealthProbe* health() override { return this; }
  KeyDeleter* deleter() override { return this; }
  SpaceProbe* space() override { return this; }

 private:
  Status Probe(Deadline deadline) override;
  Status Delete(const KeyUri& uri, Deadline deadline) override;
  Status DeleteRemains(const KeyRemains& remains, Deadline deadline) override;
  Result<std::optional<DeviceSpace>> Space(Deadline deadline) override;

  const std::shared_ptr<Supervisor> supervisor_;
};

}  // namespace rootkeep::isolated
