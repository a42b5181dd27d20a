#include "keystore/tpm2/auth_session.h"

#include "keystore/tpm2/rc.h"

namespace rootkeep::tpm2 {

std::string_view SessionModeName(SessionMode mode) { return mode == SessionMode::kSalted ? "salted" : "password"; }

std::optional<SessionMode> SessionModeFromName(std::string_view name) {
  for (const SessionMode mode : {SessionMode::kPassword, SessionMode::kSalted}) {
    if (name == SessionModeName(mode)) return mode;
  }
  return std::nullopt;
}

SessionMode DefaultSessionMode(const std::string& tcti) {
  const bool simulator = tcti.starts_with("swtpm:") || tcti.starts_with("mssim:");
  return simulator ? SessionMode::kPassword : SessionMode::kSalted;
}

Result<ESYS_TR> AuthSession(Connection& connection, SessionMode mode, ESYS_TR storage_key) {
  if (mode == SessionMode::kPassword) return ESYS_TR{ESYS_TR_PASSWORD};
  Transient& kept = connection.kept().session;
  if (kept.valid()) return kept.get();
  const TPMT_SYM_DEF aes{.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_StartAuthSession",
         Esys_StartAuthSession(connection.esys(), storage_key, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                               nullptr, TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &handle));
  Transient session(connection.esys(), handle);
  constexpr TPMA_SESSION kAttributes =
      TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT;  // where the command has something
  RK_TSS("Esys_TRSess_SetAttributes", Esys_TRSess_SetAttributes(connection.esys(), handle, kAttributes, 0xff));
  kept = std::move(session);
  return kept.get();
}

}  // namespace rootkeep::tpm2
