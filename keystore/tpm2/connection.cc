#include "keystore/tpm2/connection.h"

#include <algorithm>
#include <atomic>

#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

// Four characters in a property (Part 2 §6.13), padded with blanks or zeros.
void AppendCharacters(std::string& text, std::uint32_t value) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) text.push_back(static_cast<char>(value >> shift & 0xFFU));
}

std::uint64_t NextNumber() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

std::string Printable(std::string text) {
  std::erase_if(text, [](char c) { return c < 0x20 || c > 0x7e; });
  text.erase(text.find_last_not_of(' ') + 1);
  return text;
}

}  // namespace

bool TpmIdentity::software() const {
  // swtpm (libtpms) says IBM and "SW   TPM"; Microsoft's simulator MSFT and "xCG fTPM".
  return model.starts_with("SW ") || model == "xCG fTPM";
}

Connection::Connection(std::unique_ptr<Transport> transport)
    : transport_(std::move(transport)), number_(NextNumber()) {}

Result<std::unique_ptr<Connection>> Connection::Open(const TransportOptions& options, Deadline deadline) {
  RK_TRY(auto transport, Transport::Open(options));
  transport->SetDeadline(deadline);
  std::unique_ptr<Connection> connection(new Connection(std::move(transport)));
  RK_TSS("Esys_Initialize", Esys_Initialize(&connection->esys_, connection->transport_->tcti(), nullptr));
  RK_RETURN_IF_ERROR(connection->ReadIdentity());
  RK_TRY(connection->boot_, connection->ReadBoot());
  return connection;
}

Error WasReset() { return Unavailable("the TPM was reset").WithReason(kReasonTpmReset); }

Connection::~Connection() {
  if (!DropKept().ok()) Forget();
  kept_ = {};  // before what it is part of
  if (esys_ != nullptr) Esys_Finalize(&esys_);
}

Status Connection::ReadIdentity() {
  EsysOut<TPMS_CAPABILITY_DATA> data;
  TPMI_YES_NO more = 0;
  RK_TSS("TPM2_GetCapability",
         Esys_GetCapability(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FIXED,
                            TPM2_MAX_TPM_PROPERTIES, &more, data.put()));
  const TPML_TAGGED_TPM_PROPERTY& list = data->data.tpmProperties;
  for (UINT32 i = 0; i < std::min<UINT32>(list.count, TPM2_MAX_TPM_PROPERTIES); ++i) {
    const auto& [property, value] = list.tpmProperty[i];
    if (property == TPM2_PT_MANUFACTURER) AppendCharacters(identity_.manufacturer, value);
    if (property >= TPM2_PT_VENDOR_STRING_1 && property <= TPM2_PT_VENDOR_STRING_4) {
      AppendCharacters(identity_.model, value);
    }
    if (property == TPM2_PT_FIRMWARE_VERSION_1) identity_.firmware |= std::uint64_t{value} << 32U;
    if (property == TPM2_PT_FIRMWARE_VERSION_2) identity_.firmware |= value;
  }
  identity_.manufacturer = Printable(std::move(identity_.manufacturer));
  identity_.model = Printable(std::move(identity_.model));
  return Ok();
}

Result<TpmBoot> Connection::ReadBoot() {
  EsysOut<TPMS_TIME_INFO> time;
  RK_TSS("TPM2_ReadClock", Esys_ReadClock(esys_, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, time.put()));
  return TpmBoot{.reset_count = time->clockInfo.resetCount, .restart_count = time->clockInfo.restartCount};
}

bool Connection::IsSameBoot() {
  const auto now = ReadBoot();
  return now.ok() && *now == boot_;
}

void Kept::DropKey() {
  key.Reset();
  persistent_key.Reset();
  key_name.clear();
}

Status Connection::DropKept() {
  if (!kept_.storage_key.valid() && !kept_.session.valid() && !kept_.key.valid()) return Ok();
  if (!IsSameBoot()) return WasReset();
  kept_ = {};
  return Ok();
}

void Connection::Forget() {
  for (Transient* kept : {&kept_.storage_key, &kept_.session, &kept_.key}) kept->Release();
  kept_.key_name.clear();
}

std::vector<TPM2_HANDLE> Connection::KeptHandles() const {
  std::vector<TPM2_HANDLE> handles;
  for (const Transient* kept : {&kept_.storage_key, &kept_.session, &kept_.key}) {
    TPM2_HANDLE handle = 0;
    if (kept->valid() && Esys_TR_GetTpmHandle(esys_, kept->get(), &handle) == TSS2_RC_SUCCESS) {
      handles.push_back(handle);
    }
  }
  return handles;
}

void Connection::FlushTheRest() {
  if (transport_->loaded().empty()) return;
  const auto kept = KeptHandles();
  const std::vector<TPM2_HANDLE> loaded(transport_->loaded().begin(), transport_->loaded().end());
  for (const TPM2_HANDLE handle : loaded) {
    if (std::ranges::find(kept, handle) == kept.end()) transport_->Flush(handle);
  }
}

void Connection::Flush(const Loaded& left) {
  if (left.handles.empty() || left.boot != boot_) return;
  for (const TPM2_HANDLE handle : left.handles) transport_->Flush(handle);
}

}  // namespace rootkeep::tpm2
