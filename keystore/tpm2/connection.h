// One ESYS_CONTEXT from connect to loss, and what stays loaded in the TPM between works.
#pragma once

#include <tss2/tss2_esys.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "keystore/tpm2/handles.h"
#include "keystore/tpm2/loaded.h"
#include "keystore/tpm2/transport.h"

namespace rootkeep::tpm2 {

// What the TPM says of itself (TPM2_PT_FIXED), not to be believed without attestation.
struct TpmIdentity {
  std::string manufacturer;  // TPM2_PT_MANUFACTURER, for example "IBM"
  std::string model;         // TPM2_PT_VENDOR_STRING_1 to 4, for example "SW   TPM"
  std::uint64_t firmware = 0;
  // Made of software, as far as it admits that: swtpm and the simulators it is made of.
  [[nodiscard]] bool software() const;
};

// What one work leaves for the next: at most two objects and a session, so that one place for each is free.
struct Kept {
  Transient storage_key;
  Reference persistent_storage_key;  // instead of it: takes no place
  Transient session;
  Transient key;
  Reference persistent_key;  // instead of it
  Bytes key_name;            // of either: nothing else says what a handle stands for

  // Flushes the key.
  void DropKey();
};

// UNAVAILABLE "tpm_reset".
Error WasReset();

// Not thread-safe: used by whoever has the Tpm's turn.
class Connection {
 public:
  // UNAVAILABLE "tpm_down" when the TPM is not there or not started.
  static Result<std::unique_ptr<Connection>> Open(const TransportOptions& options, Deadline deadline);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] ESYS_CONTEXT* esys() const { return esys_; }
  [[nodiscard]] Transport& transport() const { return *transport_; }
  [[nodiscard]] const TpmIdentity& identity() const { return identity_; }
  // Another for each connection of this process; not 0.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  // When the connection was made.
  [[nodiscard]] const TpmBoot& boot() const { return boot_; }

  // Everything that was loaded over it, and not flushed.
  [[nodiscard]] Loaded loaded() const {
    return {.boot = boot_, .handles = {transport_->loaded().begin(), transport_->loaded().end()}};
  }

  Kept& kept() { return kept_; }
  // Flushes it. UNAVAILABLE "tpm_reset" when it is not there any more.
  Status DropKept();
  // Flushes everything that was loaded over this connection and is not kept.
  void FlushTheRest();
  // Flushes what an earlier connection to the same boot, or another process's, could not.
  void Flush(const Loaded& left);
  // The TPM was reset, or cannot be reached: what handles stood for is gone, and they may stand for another's by now.
  void Forget();

  // Whether the TPM was not reset since.
  [[nodiscard]] bool IsSameBoot();

 private:
  explicit Connection(std::unique_ptr<Transport> transport);
  Status ReadIdentity();
  Result<TpmBoot> ReadBoot();
  [[nodiscard]] std::vector<TPM2_HANDLE> KeptHandles() const;

  const std::unique_ptr<Transport> transport_;
  const std::uint64_t number_;
  ESYS_CONTEXT* esys_ = nullptr;
  TpmIdentity identity_;
  TpmBoot boot_;
  Kept kept_;
};

}  // namespace rootkeep::tpm2
