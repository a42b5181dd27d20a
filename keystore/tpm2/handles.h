// Owners of what ESAPI hands out: memory, objects and sessions in the TPM, and references to what stays there.
#pragma once

#include <tss2/tss2_esys.h>

#include <utility>

namespace rootkeep::tpm2 {

// Memory that an Esys_ call allocates: `EsysOut<TPM2B_PUBLIC> out; Esys_ReadPublic(..., out.put(), ...)`. Empty until
// the call succeeds.
template <typename T>
class EsysOut {
 public:
  EsysOut() = default;
  EsysOut(const EsysOut&) = delete;
  EsysOut& operator=(const EsysOut&) = delete;
  ~EsysOut() { Esys_Free(memory_); }

  // For one call at a time; what another left is freed.
  T** put() {
    Esys_Free(std::exchange(memory_, nullptr));
    return &memory_;
  }
  [[nodiscard]] T* get() const { return memory_; }
  T& operator*() const { return *memory_; }
  T* operator->() const { return memory_; }

 private:
  T* memory_ = nullptr;
};

// An object or a session in the TPM's volatile memory: TPM2_FlushContext at the end, whatever happened before. Belongs
// to the work that made it, and ends before that work does (Tpm). A flush that fails is made good by Tpm after the
// work.
class Transient {
 public:
  Transient() = default;
  Transient(ESYS_CONTEXT* esys, ESYS_TR handle) : esys_(esys), handle_(handle) {}
  Transient(Transient&& other) noexcept : esys_(other.esys_), handle_(other.Release()) {}
  Transient& operator=(Transient&& other) noexcept {
    if (this != &other) {
      Reset();
      esys_ = other.esys_;
      handle_ = other.Release();
    }
    return *this;
  }
  Transient(const Transient&) = delete;
  Transient& operator=(const Transient&) = delete;
  ~Transient() { Reset(); }

  [[nodiscard]] ESYS_TR get() const { return handle_; }
  [[nodiscard]] bool valid() const { return handle_ != ESYS_TR_NONE; }

  // Flushes it now.
  void Reset() {
    if (handle_ == ESYS_TR_NONE) return;
    if (Esys_FlushContext(esys_, handle_) != TSS2_RC_SUCCESS) Esys_TR_Close(esys_, &handle_);
    handle_ = ESYS_TR_NONE;
  }
  // Somebody else looks after it from now on.
  ESYS_TR Release() { return std::exchange(handle_, ESYS_TR_NONE); }

 private:
  ESYS_CONTEXT* esys_ = nullptr;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

// ESAPI's notion of a persistent object or an NV index: forgotten at the end, and left in the TPM.
class Reference {
 public:
  Reference() = default;
  Reference(ESYS_CONTEXT* esys, ESYS_TR handle) : esys_(esys), handle_(handle) {}
  Reference(Reference&& other) noexcept
      : esys_(other.esys_), handle_(std::exchange(other.handle_, static_cast<ESYS_TR>(ESYS_TR_NONE))) {}
  Reference& operator=(Reference&& other) noexcept {
    if (this != &other) {
      Reset();
      esys_ = other.esys_;
      handle_ = std::exchange(other.handle_, static_cast<ESYS_TR>(ESYS_TR_NONE));
    }
    return *this;
  }
  Reference(const Reference&) = delete;
  Reference& operator=(const Reference&) = delete;
  ~Reference() { Reset(); }

  [[nodiscard]] ESYS_TR get() const { return handle_; }
  [[nodiscard]] bool valid() const { return handle_ != ESYS_TR_NONE; }

  void Reset() {
    if (handle_ != ESYS_TR_NONE) Esys_TR_Close(esys_, &handle_);
    handle_ = ESYS_TR_NONE;
  }

 private:
  ESYS_CONTEXT* esys_ = nullptr;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

}  // namespace rootkeep::tpm2
