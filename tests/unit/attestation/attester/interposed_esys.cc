#include "tests/unit/attestation/attester/interposed_esys.h"

#include <tss2/tss2_tctildr.h>

#include <cstdlib>
#include <utility>

namespace rootkeep::testing {
namespace {

const TSS2_TCTI_CONTEXT_COMMON_V1& Calls(TSS2_TCTI_CONTEXT* tcti) {
  return *reinterpret_cast<TSS2_TCTI_CONTEXT_COMMON_V1*>(tcti);
}

}  // namespace

InterposedEsys::InterposedEsys(const SwTpm& tpm, TPM2_CC code, std::function<void()> before)
    : code_(code), before_(std::move(before)) {
  if (Tss2_TctiLdr_Initialize(tpm.tcti().c_str(), &inner_) != TSS2_RC_SUCCESS) std::abort();
  face_.common.v1.magic = 0x726b7465;
  face_.common.v1.version = 2;
  face_.common.v1.transmit = &InterposedEsys::Transmit;
  face_.common.v1.receive = &InterposedEsys::Receive;
  face_.self = this;
  if (Esys_Initialize(&context_, reinterpret_cast<TSS2_TCTI_CONTEXT*>(&face_), nullptr) != TSS2_RC_SUCCESS) {
    std::abort();
  }
}

InterposedEsys::~InterposedEsys() {
  Esys_Finalize(&context_);
  Tss2_TctiLdr_Finalize(&inner_);
}

TSS2_RC InterposedEsys::Transmit(TSS2_TCTI_CONTEXT* face, std::size_t size, const std::uint8_t* command) {
  auto& self = *reinterpret_cast<Face*>(face)->self;
  constexpr std::size_t kCode = 6;  // after tag and size (Part 1 §18.2)
  TPM2_CC code = 0;
  for (std::size_t i = kCode; i < kCode + 4 && i < size; ++i) code = code << 8 | command[i];
  self.asked_ = code == self.code_;
  if (self.asked_) self.before_();
  return Calls(self.inner_).transmit(self.inner_, size, command);
}

TSS2_RC InterposedEsys::Receive(TSS2_TCTI_CONTEXT* face, std::size_t* size, std::uint8_t* response,
                                std::int32_t timeout) {
  auto& self = *reinterpret_cast<Face*>(face)->self;
  const TSS2_RC rc = Calls(self.inner_).receive(self.inner_, size, response, timeout);
  if (rc == TSS2_RC_SUCCESS && response != nullptr && self.asked_) self.answer_ = Bytes(response, response + *size);
  return rc;
}

}  // namespace rootkeep::testing
