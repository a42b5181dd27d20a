// A read-write session for one change of the token; closed at the end of its scope, never pooled.
#pragma once

#include <p11-kit/pkcs11.h>

#include <utility>

#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/session_calls.h"

namespace rootkeep::pkcs11 {

// Needs the Use it was opened under, and the login of its connection. Waits for those who log in no longer than until
// its deadline, also to be closed.
class WriteSession {
 public:
  static Result<WriteSession> Open(const Module::Use& use, CK_SLOT_ID slot, Deadline deadline) {
    RK_TRY(const CK_SESSION_HANDLE handle, OpenSession(use, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, deadline));
    return WriteSession(&use, handle, deadline);
  }
  WriteSession(WriteSession&& other) noexcept
      : use_(other.use_), handle_(std::exchange(other.handle_, CK_INVALID_HANDLE)), deadline_(other.deadline_) {}
  WriteSession& operator=(WriteSession&&) = delete;
  ~WriteSession() {
    if (handle_ != CK_INVALID_HANDLE) CloseSession(*use_, handle_, deadline_);
  }

  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }

 private:
  WriteSession(const Module::Use* use, CK_SESSION_HANDLE handle, Deadline deadline)
      : use_(use), handle_(handle), deadline_(deadline) {}

  const Module::Use* use_;
  CK_SESSION_HANDLE handle_;
  Deadline deadline_;
};

}  // namespace rootkeep::pkcs11
