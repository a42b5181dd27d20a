#include "tests/support/esys.h"

#include <fmt/format.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace rootkeep::testing {
namespace {

void Require(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "Esys fixture: %s\n", status.error().ToString().c_str());
  std::abort();
}

// TPM2_PT_VENDOR_STRING_1 and _2 of libtpms: "SW  " and " TPM".
bool IsSimulator(ESYS_CONTEXT* context) {
  constexpr std::uint32_t kSoftware = 0x53572020;
  constexpr std::uint32_t kTpm = 0x2054504d;
  EsysOwned<TPMS_CAPABILITY_DATA> data;
  Require(FromRc("Esys_GetCapability",
                 Esys_GetCapability(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                                    TPM2_PT_VENDOR_STRING_1, 2, nullptr, data.out())));
  const TPML_TAGGED_TPM_PROPERTY& found = data->data.tpmProperties;
  return found.count == 2 && found.tpmProperty[0].value == kSoftware && found.tpmProperty[1].value == kTpm;
}

}  // namespace

Esys::Esys(const SwTpm& tpm) {
  // It prints every refusal, which tests provoke.
  setenv("TSS2_LOG", "all+none", 1);
  Require(FromRc("Tss2_TctiLdr_Initialize", Tss2_TctiLdr_Initialize(tpm.tcti().c_str(), &tcti_)));
  Require(FromRc("Esys_Initialize", Esys_Initialize(&context_, tcti_, nullptr)));
  if (!IsSimulator(context_)) Require(FailedPrecondition("this is no simulator; tests touch no other TPM"));
}

Esys::~Esys() {
  Esys_Finalize(&context_);
  Tss2_TctiLdr_Finalize(&tcti_);
}

EsysHandle::~EsysHandle() {
  if (handle_ == ESYS_TR_NONE) return;
  if (persistent_) {
    Esys_TR_Close(context_, &handle_);
  } else {
    Esys_FlushContext(context_, handle_);
  }
}

Status FromRc(std::string_view call, TSS2_RC rc) {
  if (rc == TSS2_RC_SUCCESS) return Ok();
  return Internal(fmt::format("{} failed: {}", call, Tss2_RC_Decode(rc))).WithNative({"TSS2", rc, ""});
}

}  // namespace rootkeep::testing
