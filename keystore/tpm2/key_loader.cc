#include "keystore/tpm2/key_loader.h"

#include <algorithm>
#include <type_traits>

#include "keystore/tpm2/auth_latch.h"
#include "keystore/tpm2/public_area.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"

namespace rootkeep::tpm2 {
namespace {

// Wiped, because tss2 wants a copy in a type of its own.
class AuthValue {
 public:
  explicit AuthValue(const SecretBytes& auth) {
    const ByteView octets = auth.RevealForUse();
    value_.size = static_cast<UINT16>(std::min(octets.size(), sizeof value_.buffer));
    std::ranges::copy(octets.first(value_.size), value_.buffer);
  }
  AuthValue(const AuthValue&) = delete;
  AuthValue& operator=(const AuthValue&) = delete;
  ~AuthValue() { OPENSSL_cleanse(&value_, sizeof value_); }
  [[nodiscard]] const TPM2B_AUTH* get() const { return &value_; }

 private:
  TPM2B_AUTH value_{};
};

std::string SerialOf(const Bytes& storage_key_name) {
  constexpr std::size_t kOctets = 8;  // a serial number of PKCS#11 has 16 characters
  return ToHex(ByteView(storage_key_name).subspan(2, kOctets));
}

}  // namespace

Result<DeviceInfo> KeyLoader::Describe(Connection& connection) const {
  RK_RETURN_IF_ERROR(StorageKey(connection, pin_));
  RK_TRY(const auto pinned, pin_.Read());
  const TpmIdentity& identity = connection.identity();
  return DeviceInfo{.label = options_.name,
                    .serial = SerialOf(pinned.value_or(Bytes(10))),
                    .manufacturer = identity.manufacturer,
                    .model = identity.model,
                    .software = identity.software()};
}

Result<KeyInfo> KeyLoader::Describe(Connection& connection, const StoredKey& key) const {
  RK_TRY(PublicKey public_key, PublicKeyOf(key.public_area));
  RK_TRY(DeviceInfo device, Describe(connection));
  KeyUri uri{.scheme = UriScheme::kTpm2,
             .token_label = device.label,
             .token_serial = device.serial,
             .object_label = key.label,
             .object_id = key.id()};
  return KeyInfo{.uri = std::move(uri),
                 .label = key.label,
                 .id = key.id(),
                 .named = ParseKeyLabel(key.label),
                 .public_key = std::move(public_key),
                 .custody = FactsOf(key.public_area),
                 .voucher = device.software ? Voucher::kTokenSoftware : Voucher::kToken,
                 .device = std::move(device)};
}

ESYS_TR KeyLoader::Kept(Connection& connection, const Bytes& name) {
  tpm2::Kept& kept = connection.kept();
  if (kept.key_name != name) return ESYS_TR_NONE;
  return kept.persistent_key.valid() ? kept.persistent_key.get() : kept.key.get();
}

Result<ESYS_TR> KeyLoader::Session(Connection& connection) const {
  if (options_.session == SessionMode::kPassword) return ESYS_TR{ESYS_TR_PASSWORD};
  RK_TRY(const ESYS_TR storage_key, StorageKey(connection, pin_));
  return AuthSession(connection, options_.session, storage_key);
}

Result<ESYS_TR> KeyLoader::Load(Connection& connection, const StoredKey& key) const {
  if (const ESYS_TR kept = Kept(connection, key.name); kept != ESYS_TR_NONE) return kept;
  RK_TRY(const SecretBytes auth, AuthOf(key));
  connection.kept().DropKey();
  RK_TRY(const ESYS_TR storage_key, StorageKey(connection, pin_));
  if (key.persistent || key.parent != TPM2_RH_OWNER) {
    const TPM2_HANDLE handle = key.persistent.value_or(key.parent);
    ESYS_TR object = ESYS_TR_NONE;
    RK_TSS("TPM2_ReadPublic",
           Esys_TR_FromTPMPublic(connection.esys(), handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &object));
    Reference reference(connection.esys(), object);
    if (key.persistent) {
      connection.kept().persistent_key = std::move(reference);
    } else {
      RK_RETURN_IF_ERROR(LoadBelow(connection, reference.get(), key));
    }
  } else {
    RK_RETURN_IF_ERROR(LoadBelow(connection, storage_key, key));
  }
  tpm2::Kept& kept = connection.kept();
  const ESYS_TR handle = kept.persistent_key.valid() ? kept.persistent_key.get() : kept.key.get();
  RK_TSS("Esys_TR_SetAuth", Esys_TR_SetAuth(connection.esys(), handle, AuthValue(auth).get()));
  kept.key_name = key.name;
  return handle;
}

Status KeyLoader::LoadBelow(Connection& connection, ESYS_TR parent, const StoredKey& key) const {
  ESYS_TR handle = ESYS_TR_NONE;
  // The parent's auth value is empty, and the private half encrypted already: no session hides anything.
  const TSS2_RC rc = Esys_Load(connection.esys(), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                               &key.private_area, &key.public_area, &handle);
  if (rc != TSS2_RC_SUCCESS) {
    Error error = FromRc("TPM2_Load", rc).Within("key \"" + key.label + "\"");
    if (error.code() != Code::kDataLoss) return error;
    return std::move(error)
        .WithReason(kReasonKeyUnusable)
        .WithHint("it is a key of another TPM, of this one before it was cleared, or of another parent");
  }
  connection.kept().key = Transient(connection.esys(), handle);
  return Ok();
}

Result<SecretBytes> KeyLoader::AuthOf(const StoredKey& key) const {
  if (key.empty_auth) return SecretBytes();
  RK_TRY(SecretBytes auth, directory_.ReadAuth(key.label));
  if (auth.empty() && !key.persistent) {
    return FailedPrecondition("key \"" + key.label +
                              "\" wants an auth value, and has neither a file nor a credential with one")
        .WithReason(kReasonAuthFile);
  }
  RK_TRY(const std::string record, directory_.PathOf(key.label, "auth.refused"));
  RK_RETURN_IF_ERROR(AuthLatch(record).Check(auth));
  return auth;
}

void KeyLoader::AuthRefused(const std::string& label) const {
  const auto auth = directory_.ReadAuth(label);
  const auto record = directory_.PathOf(label, "auth.refused");
  if (auth.ok() && record.ok()) AuthLatch(*record).Refused(*auth);
}

Result<KeyFile> KeyLoader::Create(Connection& connection, KeyType type, const SecretBytes& auth) const {
  const TPM2B_PUBLIC area = SigningTemplate(type);
  const TPMT_PUBLIC_PARMS parameters{.type = area.publicArea.type, .parameters = area.publicArea.parameters};
  if (const TSS2_RC rc = Esys_TestParms(connection.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &parameters);
      rc != TSS2_RC_SUCCESS) {
    return FromRc("TPM2_TestParms", rc).Within("a key of type " + std::string(KeyTypeName(type)));
  }
  connection.kept().DropKey();
  RK_TRY(const ESYS_TR storage_key, StorageKey(connection, pin_));
  RK_TRY(const ESYS_TR session, Session(connection));
  TPM2B_SENSITIVE_CREATE sensitive{};
  sensitive.sensitive.userAuth = *AuthValue(auth).get();
  const TPM2B_DATA outside{};
  const TPML_PCR_SELECTION pcrs{};
  EsysOut<TPM2B_PRIVATE> private_area;
  EsysOut<TPM2B_PUBLIC> public_area;
  const TSS2_RC rc = Esys_Create(connection.esys(), storage_key, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &area,
                                 &outside, &pcrs, private_area.put(), public_area.put(), nullptr, nullptr, nullptr);
  OPENSSL_cleanse(&sensitive, sizeof sensitive);
  RK_TSS("TPM2_Create", rc);
  KeyFile file{.empty_auth = auth.empty(), .parent = TPM2_RH_OWNER};
  RK_TRY(file.public_area, Encode(*public_area));
  RK_TRY(file.private_area, Encode(*private_area));
  return file;
}

}  // namespace rootkeep::tpm2
