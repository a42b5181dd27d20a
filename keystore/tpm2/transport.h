// What stands between ESAPI and the TCTI: deadlines, patience with a busy TPM, and a note of what is loaded.
#pragma once

#include <tss2/tss2_tcti.h>
#include <tss2/tss2_tpm2_types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/clock.h"
#include "keystore/base/result.h"

namespace rootkeep::tpm2 {

struct TransportOptions {
  // As ParseTcti takes it.
  std::string tcti;
  // How long a command may take although its deadline has passed: to give up while the TPM works ends the connection.
  std::chrono::milliseconds patience{5000};
  // How long a command is sent again that the TPM had no room for.
  std::chrono::milliseconds memory_patience{2000};
};

// A TCTI of our own in front of the real one. The calls of ESAPI that wait for ever wait until the deadline here. A
// command that the TPM wants again (TPM_RC_RETRY and its like) is sent again, with pauses, as long as the deadline
// allows; so is one for which it has no room. Nothing else is ever sent twice. Not thread-safe.
class Transport {
 public:
  // INVALID_ARGUMENT as ParseTcti; UNAVAILABLE "tpm_down" when the TPM is not there.
  static Result<std::unique_ptr<Transport>> Open(const TransportOptions& options);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Borrowed; for Esys_Initialize.
  TSS2_TCTI_CONTEXT* tcti() { return reinterpret_cast<TSS2_TCTI_CONTEXT*>(&face_); }

  // From now on.
  void SetDeadline(Deadline deadline) { deadline_ = deadline; }
  // A command or its answer was lost: nothing more can be sent.
  [[nodiscard]] bool failed() const { return failed_; }

  // Objects and sessions that were made here and not flushed since.
  [[nodiscard]] const std::set<TPM2_HANDLE>& loaded() const { return loaded_; }
  // Called whenever that changes.
  void OnLoadedChanged(std::function<void()> call) { loaded_changed_ = std::move(call); }
  // TPM2_FlushContext. What is gone anyhow counts as flushed.
  TSS2_RC Flush(TPM2_HANDLE handle);

 private:
  struct Face {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    Transport* self;
  };

  Transport(TSS2_TCTI_CONTEXT* inner, const TransportOptions& options);

  static TSS2_RC Transmit(TSS2_TCTI_CONTEXT* face, std::size_t size, const std::uint8_t* command);
  static TSS2_RC Receive(TSS2_TCTI_CONTEXT* face, std::size_t* size, std::uint8_t* response, std::int32_t timeout);
  static TSS2_RC Cancel(TSS2_TCTI_CONTEXT* face);

  TSS2_RC Send(ByteView command);
  TSS2_RC Resend();
  // The answer to the command that was sent, into response_.
  TSS2_RC Await();
  TSS2_RC AwaitOnce();
  // Notes what the answered command made or flushed.
  void Note();
  [[nodiscard]] ByteView response() const { return {response_.data(), response_size_}; }

  const TransportOptions options_;
  Face face_;
  TSS2_TCTI_CONTEXT* inner_;
  Deadline deadline_ = Deadline::max();
  bool failed_ = false;
  Bytes command_;
  std::array<std::uint8_t, 4096> response_{};
  std::size_t response_size_ = 0;  // 0: none waits to be fetched
  std::set<TPM2_HANDLE> loaded_;
  std::function<void()> loaded_changed_;
};

}  // namespace rootkeep::tpm2
