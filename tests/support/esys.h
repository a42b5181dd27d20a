// TPM commands for tests: libtss2's ESAPI on a simulator, and on nothing else.
#pragma once

#include <tss2/tss2_esys.h>

#include <string_view>
#include <utility>

#include "keystore/base/bytes.h"
#include "keystore/base/result.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {

// One ESYS context on one simulator; one thread at a time. Opened on a SwTpm only, never on a name, and the TPM must
// say that it is libtpms; anything else aborts the test program, as do failures to open it.
class Esys {
 public:
  explicit Esys(const SwTpm& tpm);
  Esys(const Esys&) = delete;
  Esys& operator=(const Esys&) = delete;
  ~Esys();

  [[nodiscard]] ESYS_CONTEXT* get() const { return context_; }

 private:
  TSS2_TCTI_CONTEXT* tcti_ = nullptr;
  ESYS_CONTEXT* context_ = nullptr;
};

// `call` answered `rc`: ok, or an error whose native code is the TSS2_RC, for tests that expect one.
Status FromRc(std::string_view call, TSS2_RC rc);

// What ESAPI allocates.
template <typename T>
class EsysOwned {
 public:
  EsysOwned() = default;
  EsysOwned(const EsysOwned&) = delete;
  EsysOwned& operator=(const EsysOwned&) = delete;
  ~EsysOwned() { Esys_Free(value_); }

  T** out() { return &value_; }
  const T* operator->() const { return value_; }
  const T& operator*() const { return *value_; }

 private:
  T* value_ = nullptr;
};

// A transient object or session, flushed at the end, or a persistent one, closed. The TPM has three places. Outlived by
// its Esys.
class EsysHandle {
 public:
  EsysHandle(const Esys& esys, ESYS_TR handle, bool persistent = false)
      : context_(esys.get()), handle_(handle), persistent_(persistent) {}
  EsysHandle(EsysHandle&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)), persistent_(other.persistent_) {}
  EsysHandle& operator=(EsysHandle&&) = delete;
  ~EsysHandle();

  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
  bool persistent_;
};

}  // namespace rootkeep::testing
