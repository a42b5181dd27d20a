#include "keystore/tpm2/stored_key.h"

#include <charconv>

#include "keystore/tpm2/public_area.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

constexpr std::size_t kHandleLabel = 10;  // "0x81xxxxxx"

Result<StoredKey> Describe(const std::string& label, const TPM2B_PUBLIC& area) {
  RK_RETURN_IF_ERROR(CheckSigns(area));
  RK_TRY(Bytes name, NameOf(area));
  return StoredKey{.label = label, .persistent = {}, .public_area = area, .private_area = {}, .name = std::move(name)};
}

Error NoSuchKey(const std::string& label) {
  return NotFound("no key is called \"" + label + "\"").WithReason(kReasonKeyNotFound);
}

Result<StoredKey> FromHandle(Connection& connection, const std::string& label) {
  const auto handle = HandleOf(label);
  if (!handle) return NoSuchKey(label);
  ESYS_TR object = ESYS_TR_NONE;
  const TSS2_RC rc =
      Esys_TR_FromTPMPublic(connection.esys(), *handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object);
  if (ClassOf(rc) == RcClass::kGone) return NoSuchKey(label);
  RK_TSS("TPM2_ReadPublic", rc);
  const Reference key(connection.esys(), object);
  EsysOut<TPM2B_PUBLIC> area;
  RK_TSS("TPM2_ReadPublic", Esys_ReadPublic(connection.esys(), object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                            area.put(), nullptr, nullptr));
  RK_TRY(StoredKey stored, Describe(label, *area));
  stored.persistent = handle;
  return stored;
}

}  // namespace

std::optional<TPM2_HANDLE> HandleOf(const std::string& label) {
  TPM2_HANDLE handle = 0;
  if (label.size() != kHandleLabel || !label.starts_with("0x81")) return std::nullopt;
  const char* const end = label.data() + label.size();
  const auto [stopped, error] = std::from_chars(label.data() + 2, end, handle, 16);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return handle;
}

Result<StoredKey> ReadKey(const KeyDirectory& directory, Connection& connection, const std::string& label) {
  RK_TRY(const auto file, directory.Read(label));
  return file ? FromFile(label, *file) : FromHandle(connection, label);
}

Result<StoredKey> FromFile(const std::string& label, const KeyFile& file) {
  const bool persistent_parent = file.parent >> TPM2_HR_SHIFT == TPM2_HT_PERSISTENT;
  if (file.parent != TPM2_RH_OWNER && !persistent_parent) {
    return FailedPrecondition("key \"" + label + "\" is not of the owner hierarchy").WithReason(kReasonKeyUnusable);
  }
  RK_TRY(const TPM2B_PUBLIC area, ReadPublicArea(file.public_area));
  RK_TRY(StoredKey stored, Describe(label, area));
  RK_TRY(stored.private_area, ReadPrivateArea(file.private_area));
  stored.parent = file.parent;
  stored.empty_auth = file.empty_auth;
  return stored;
}

}  // namespace rootkeep::tpm2
