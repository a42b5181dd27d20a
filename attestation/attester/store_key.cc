#include "attestation/attester/store_key.h"

#include "attestation/attester/marshal.h"
#include "attestation/attester/primary.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/storage_key.h"
#include "keystore/tpm2/stored_key.h"

namespace rootkeep::attestation {
namespace {

Result<Bytes> AreaOf(ESYS_CONTEXT* esys, ESYS_TR key) {
  tpm2::EsysOut<TPM2B_PUBLIC> area;
  RK_TSS("TPM2_ReadPublic",
         Esys_ReadPublic(esys, key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, area.put(), nullptr, nullptr));
  return Octets(area->publicArea);
}

}  // namespace

Result<std::unique_ptr<StoreKey>> StoreKey::Open(std::shared_ptr<tpm2::KeyLoader> loader, std::string label,
                                                 Deadline deadline) {
  std::unique_ptr<StoreKey> key(new StoreKey(std::move(loader), std::move(label)));
  RK_RETURN_IF_ERROR(key->loader_->tpm().Run(tpm2::Tpm::Management(deadline),
                                             [&key](tpm2::Connection& connection) { return key->Read(connection); }));
  return key;
}

Status StoreKey::Read(tpm2::Connection& connection) {
  RK_TRY(const tpm2::StoredKey key, tpm2::ReadKey(loader_->directory(), connection, label_));
  name_ = key.name;
  RK_TRY(public_area_, Octets(key.public_area.publicArea));
  if (key.persistent) return Ok();
  if (key.parent == TPM2_RH_OWNER) {
    RK_TRY(const ESYS_TR storage_key, loader_->Parent(connection));
    RK_TRY(parent_area_, AreaOf(connection.esys(), storage_key));
  } else {
    RK_TRY(TpmKey parent, OpenPersistent(connection.esys(), key.parent));
    parent_area_ = std::move(parent.encoded);
  }
  return Ok();
}

Result<KeyToCertify::Loaded> StoreKey::Load(tpm2::Connection& connection) const {
  RK_TRY(const tpm2::StoredKey key, tpm2::ReadKey(loader_->directory(), connection, label_));
  if (key.name != name_) {
    return Error(Code::kDataLoss, "key \"" + label_ + "\" is another one than it was")
        .WithReason(tpm2::kReasonKeyChanged);
  }
  RK_TRY(const ESYS_TR handle, loader_->Load(connection, key));
  RK_TRY(const ESYS_TR session, loader_->Session(connection));
  return Loaded{.key = handle, .session = session};
}

}  // namespace rootkeep::attestation
