// A read-write session for one change of the token; closed at the end of its scope, never pooled.
#pragma once

#include <p11-kit/pkcs11.h>

#include <utility>

#include "keystore/pkcs11/ckr.h"
#include "keystore/pkcs11/module.h"
#include "keystore/pkcs11/session_calls.h"

namespace rootkeep::pkcs11 {

// Needs the Use it was opened under, and the login of its connection.
class WriteSession {
 public:
  static Result<WriteSession> Open(const Module::Use& use, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE handle = CK_INVALID_HANDLE;
    const CK_RV rv = OpenSession(use, slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, handle);
    if (rv != CKR_OK) return CkError("C_OpenSession", rv);
    return WriteSession(&use, handle);
  }
  WriteSession(WriteSession&& other) noexcept
      : use_(other.use_), handle_(std::exchange(other.handle_, CK_INVALID_HANDLE)) {}
  WriteSession& operator=(WriteSession&&) = delete;
  ~WriteSession() {
    if (handle_ != CK_INVALID_HANDLE) CloseSession(*use_, handle_);
  }

  [[nodiscard]] CK_SESSION_HANDLE handle() const { return handle_; }

 private:
  WriteSession(const Module::Use* use, CK_SESSION_HANDLE handle) : use_(use), handle_(handle) {}

  const Module::Use* use_;
  CK_SESSION_HANDLE handle_;
};

}  // namespace rootkeep::pkcs11
