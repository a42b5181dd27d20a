#include "keystore/tpm2/transport.h"

#include <fmt/format.h>
#include <tss2/tss2_tctildr.h>

#include <algorithm>
#include <thread>

#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/tcti_name.h"

namespace rootkeep::tpm2 {
namespace {

// "rk-tpm2" and a zero: any number that is no TCTI's of tss2.
constexpr std::uint64_t kMagic = 0x726B'2D74'706D'3200;
// Part 1 §18: tag, size and command or response code.
constexpr std::size_t kHeaderSize = 10;
constexpr std::size_t kCodeAt = 6;

std::uint32_t Word(ByteView octets, std::size_t at) {
  if (octets.size() < at + 4) return 0;
  return std::uint32_t{octets[at]} << 24U | std::uint32_t{octets[at + 1]} << 16U | std::uint32_t{octets[at + 2]} << 8U |
         octets[at + 3];
}

bool MakesAHandle(TPM2_CC command) {
  switch (command) {
    case TPM2_CC_CreatePrimary:
    case TPM2_CC_Load:
    case TPM2_CC_LoadExternal:
    case TPM2_CC_CreateLoaded:
    case TPM2_CC_ContextLoad:
    case TPM2_CC_HashSequenceStart:
    case TPM2_CC_HMAC_Start:
    case TPM2_CC_StartAuthSession: return true;
    default: return false;
  }
}

// The macros of tss2_tcti.h, without their casts.
const TSS2_TCTI_CONTEXT_COMMON_V1& CallsOf(TSS2_TCTI_CONTEXT* tcti) {
  return *reinterpret_cast<const TSS2_TCTI_CONTEXT_COMMON_V1*>(tcti);
}

std::int32_t Milliseconds(std::chrono::steady_clock::duration time) {
  constexpr std::int64_t kMost = 1'000'000;
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(time).count();
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(count, 1, kMost));
}

}  // namespace

Result<std::unique_ptr<Transport>> Transport::Open(const TransportOptions& options) {
  RK_TRY(const TctiName tcti, ParseTcti(options.tcti));
  TSS2_TCTI_CONTEXT* inner = nullptr;
  const TSS2_RC rc = Tss2_TctiLdr_Initialize_Ex(tcti.name.c_str(), tcti.conf.c_str(), &inner);
  if (rc != TSS2_RC_SUCCESS) {
    return FromRc("Tss2_TctiLdr_Initialize_Ex", rc)
        .WithCode(Code::kUnavailable)
        .WithReason(kReasonTpmDown)
        .Within("open TPM " + options.tcti);
  }
  return std::unique_ptr<Transport>(new Transport(inner, options));
}

Transport::Transport(TSS2_TCTI_CONTEXT* inner, const TransportOptions& options)
    : options_(options), face_{.common = {}, .self = this}, inner_(inner) {
  face_.common.v1 = {.magic = kMagic,
                     .version = 2,
                     .transmit = &Transport::Transmit,
                     .receive = &Transport::Receive,
                     .finalize = nullptr,
                     .cancel = &Transport::Cancel,
                     .getPollHandles = nullptr,
                     .setLocality = nullptr};
}

Transport::~Transport() { Tss2_TctiLdr_Finalize(&inner_); }

TSS2_RC Transport::Transmit(TSS2_TCTI_CONTEXT* face, std::size_t size, const std::uint8_t* command) {
  return reinterpret_cast<Face*>(face)->self->Send({command, size});
}

TSS2_RC Transport::Receive(TSS2_TCTI_CONTEXT* face, std::size_t* size, std::uint8_t* response,
                           std::int32_t /*timeout*/) {
  Transport& self = *reinterpret_cast<Face*>(face)->self;
  if (self.response_size_ == 0) {
    if (const TSS2_RC rc = self.Await(); rc != TSS2_RC_SUCCESS) return rc;
  }
  const std::size_t room = *size;
  *size = self.response_size_;
  if (response == nullptr) return TSS2_RC_SUCCESS;
  if (room < self.response_size_) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::ranges::copy(self.response(), response);
  self.response_size_ = 0;
  return TSS2_RC_SUCCESS;
}

TSS2_RC Transport::Cancel(TSS2_TCTI_CONTEXT* face) {
  TSS2_TCTI_CONTEXT* inner = reinterpret_cast<Face*>(face)->self->inner_;
  return CallsOf(inner).cancel(inner);
}

TSS2_RC Transport::Send(ByteView command) {
  if (failed_) return TSS2_TCTI_RC_IO_ERROR;
  command_ = ToBytes(command);
  return Resend();
}

TSS2_RC Transport::Resend() {
  response_size_ = 0;
  const TSS2_RC rc = CallsOf(inner_).transmit(inner_, command_.size(), command_.data());
  failed_ = rc != TSS2_RC_SUCCESS;
  return rc;
}

TSS2_RC Transport::Await() {
  constexpr std::chrono::milliseconds kLongestPause{50};
  std::chrono::milliseconds pause{1};
  const Deadline memory_until = std::min(deadline_, After(options_.memory_patience));
  for (;;) {
    if (const TSS2_RC rc = AwaitOnce(); rc != TSS2_RC_SUCCESS) return rc;
    const RcClass answer = ClassOf(Word(response(), kCodeAt));
    const bool again = answer == RcClass::kRetry || answer == RcClass::kMemory;
    const Deadline until = answer == RcClass::kMemory ? memory_until : deadline_;
    if (!again || std::chrono::steady_clock::now() + pause >= until) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
    if (const TSS2_RC rc = Resend(); rc != TSS2_RC_SUCCESS) return rc;
  }
  const std::size_t before = loaded_.size();
  Note();
  if (loaded_.size() != before && loaded_changed_) loaded_changed_();
  return TSS2_RC_SUCCESS;
}

TSS2_RC Transport::AwaitOnce() {
  if (failed_) return TSS2_TCTI_RC_IO_ERROR;
  const Deadline until = std::max(deadline_, After(options_.patience));
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    std::size_t size = response_.size();
    TSS2_RC rc = now < until ? CallsOf(inner_).receive(inner_, &size, response_.data(), Milliseconds(until - now))
                             : TSS2_TCTI_RC_IO_ERROR;
    if (rc == TSS2_TCTI_RC_TRY_AGAIN) continue;
    if (rc == TSS2_RC_SUCCESS && (size < kHeaderSize || size > response_.size())) rc = TSS2_TCTI_RC_MALFORMED_RESPONSE;
    failed_ = rc != TSS2_RC_SUCCESS;
    response_size_ = failed_ ? 0 : size;
    return rc;
  }
}

void Transport::Note() {
  const TSS2_RC rc = Word(response(), kCodeAt);
  const TPM2_CC command = Word(command_, kCodeAt);
  const TPM2_HANDLE first = Word(command_, kHeaderSize);
  if (rc == TSS2_RC_SUCCESS && MakesAHandle(command)) loaded_.insert(Word(response(), kHeaderSize));
  if (command == TPM2_CC_FlushContext && (rc == TSS2_RC_SUCCESS || ClassOf(rc) != RcClass::kRetry)) {
    loaded_.erase(first);
  }
  if (rc != TSS2_RC_SUCCESS) return;
  if (command == TPM2_CC_SequenceComplete) loaded_.erase(first);
  if (command == TPM2_CC_EventSequenceComplete) loaded_.erase(Word(command_, kHeaderSize + 4));
}

TSS2_RC Transport::Flush(TPM2_HANDLE handle) {
  Bytes command{0x80, 0x01, 0, 0, 0, 14};  // TPM_ST_NO_SESSIONS
  for (const std::uint32_t word : {TPM2_CC_FlushContext, handle}) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) command.push_back(static_cast<std::uint8_t>(word >> shift));
  }
  if (const TSS2_RC rc = Send(command); rc != TSS2_RC_SUCCESS) return rc;
  const TSS2_RC rc = Await();
  response_size_ = 0;
  return rc;
}

}  // namespace rootkeep::tpm2
