#include "keystore/tpm2/storage_key.h"

#include <fmt/format.h>

#include <filesystem>

#include "keystore/base/file.h"
#include "keystore/base/log.h"
#include "keystore/tpm2/public_area.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

constexpr TPM2_HANDLE kPersistentStorageKey = 0x81000001;
constexpr std::size_t kMaxNameFile = 256;

struct Made {
  Transient handle;
  Bytes name;
};

// ESAPI takes the Name from the public area, not from the TPM's word for it.
Result<Bytes> NameOfHandle(ESYS_CONTEXT* esys, ESYS_TR handle) {
  EsysOut<TPM2B_NAME> name;
  RK_TSS("Esys_TR_GetName", Esys_TR_GetName(esys, handle, name.put()));
  return Bytes(name->name, name->name + name->size);
}

// The persistent key, if it is the one; nothing otherwise, whatever is there instead.
Result<Reference> FindPersistent(ESYS_CONTEXT* esys, const Bytes& pinned) {
  ESYS_TR handle = ESYS_TR_NONE;
  const TSS2_RC rc =
      Esys_TR_FromTPMPublic(esys, kPersistentStorageKey, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle);
  if (ClassOf(rc) == RcClass::kDown) return FromRc("TPM2_ReadPublic", rc);
  if (rc != TSS2_RC_SUCCESS) return Reference();
  Reference found(esys, handle);
  RK_TRY(const Bytes name, NameOfHandle(esys, handle));
  if (name != pinned) return Reference();
  return found;
}

Result<Made> MakePrimary(ESYS_CONTEXT* esys) {
  const TPM2B_SENSITIVE_CREATE sensitive{};
  const TPM2B_PUBLIC area = StorageKeyTemplate();
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  const TSS2_RC rc =
      Esys_CreatePrimary(esys, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &area,
                         &outside, &pcrs, &handle, nullptr, nullptr, nullptr, nullptr);
  if (rc != TSS2_RC_SUCCESS) {
    Error error = FromRc("TPM2_CreatePrimary", rc);
    if (ClassOf(rc) != RcClass::kAuth) return error;
    return std::move(error).WithHint("the owner hierarchy must have an empty auth value (tpm2_changeauth -c owner)");
  }
  Transient made(esys, handle);
  RK_TRY(Bytes name, NameOfHandle(esys, handle));
  return Made{.handle = std::move(made), .name = std::move(name)};
}

Error Changed(const StorageKeyPin& pin, const Bytes& pinned, const Bytes& found) {
  return Error(Code::kDataLoss, fmt::format("the TPM's storage key is {}, and {} is pinned in {}", ToHex(found),
                                            ToHex(pinned), pin.path()))
      .WithReason(kReasonSrkChanged)
      .WithHint(
          "the TPM was cleared or exchanged, and the keys in files are lost with it; or something answers in its "
          "place");
}

}  // namespace

TPM2B_PUBLIC StorageKeyTemplate() {
  TPM2B_PUBLIC result{};
  TPMT_PUBLIC& area = result.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
                          TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
  TPMS_ECC_PARMS& parameters = area.parameters.eccDetail;
  parameters.symmetric.algorithm = TPM2_ALG_AES;
  parameters.symmetric.keyBits.aes = 128;
  parameters.symmetric.mode.aes = TPM2_ALG_CFB;
  parameters.scheme.scheme = TPM2_ALG_NULL;
  parameters.curveID = TPM2_ECC_NIST_P256;
  parameters.kdf.scheme = TPM2_ALG_NULL;
  return result;
}

Result<std::optional<Bytes>> StorageKeyPin::Read() const {
  auto text = ReadGuardedFile(path_, kMaxNameFile);
  if (!text.ok()) {
    if (text.error().code() == Code::kNotFound) return std::optional<Bytes>();
    return std::move(text).error();
  }
  if (text->ends_with('\n')) text->pop_back();
  auto name = FromHex(*text);
  if (!name || name->size() != 2 + HashSize(Hash::kSha256)) {
    return FailedPrecondition(path_ + " does not hold the name of a storage key").WithReason(kReasonSrkChanged);
  }
  return name;
}

Status StorageKeyPin::CheckNoAuthIsThere() const {
  std::error_code error;
  for (std::filesystem::directory_iterator key(keys_, error), end; !error && key != end; key.increment(error)) {
    if (!std::filesystem::exists(key->path() / "auth", error) || error) continue;
    return FailedPrecondition(
               fmt::format("{} is not there, but a key with an auth value is: {}", path_, key->path().string()))
        .WithReason(kReasonSrkChanged)
        .WithHint(
            "restore it with the keys; a directory that is new gets it at the first use, before auth values are put "
            "there");
  }
  if (error && error != std::errc::no_such_file_or_directory) return ErrnoError("read " + keys_, error.value());
  return Ok();
}

Status StorageKeyPin::Write(const Bytes& name) const {
  RK_RETURN_IF_ERROR(CheckNoAuthIsThere());
  return WriteNewFile(path_, ToHex(name) + "\n", 0600);
}

Result<ESYS_TR> StorageKey(Connection& connection, const StorageKeyPin& pin) {
  Kept& kept = connection.kept();
  if (kept.persistent_storage_key.valid()) return kept.persistent_storage_key.get();
  if (kept.storage_key.valid()) return kept.storage_key.get();
  RK_TRY(std::optional<Bytes> pinned, pin.Read());
  if (pinned) {
    RK_TRY(kept.persistent_storage_key, FindPersistent(connection.esys(), *pinned));
    if (kept.persistent_storage_key.valid()) return kept.persistent_storage_key.get();
  }
  RK_TRY(Made made, MakePrimary(connection.esys()));
  if (!pinned) {
    const Status written = pin.Write(made.name);
    if (!written.ok() && written.error().code() != Code::kAlreadyExists) return written.error();
    if (written.ok()) log::Info("tpm2.storage_key_pinned", {{"name", ToHex(made.name)}, {"file", pin.path()}});
    RK_TRY(pinned, pin.Read());
  }
  if (pinned != made.name) return Changed(pin, pinned.value_or(Bytes()), made.name);
  kept.storage_key = std::move(made.handle);
  return kept.storage_key.get();
}

}  // namespace rootkeep::tpm2
