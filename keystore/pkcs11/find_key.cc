#include "keystore/pkcs11/find_key.h"

#include <fmt/format.h>

#include "keystore/pkcs11/private_keys.h"
#include "keystore/pkcs11/reasons.h"

namespace rootkeep::pkcs11 {
namespace {

Status CheckIsOnToken(const KeyUri& uri, const DeviceInfo& device) {
  const auto differs = [](const std::string& want, const std::string& is) { return !want.empty() && want != is; };
  if (differs(uri.token_label, device.label) || differs(uri.token_serial, device.serial) ||
      differs(uri.token_manufacturer, device.manufacturer) || differs(uri.token_model, device.model)) {
    return NotFound(
        fmt::format("{} names another token than \"{}\" with serial {}", uri.Redacted(), device.label, device.serial));
  }
  return Ok();
}

}  // namespace

Result<CK_OBJECT_HANDLE> FindNamedKey(const Connection& connection, const Module::Use& use, CK_SESSION_HANDLE session,
                                      const KeyUri& uri) {
  RK_RETURN_IF_ERROR(CheckIsOnToken(uri, connection.token().device));
  RK_TRY(const auto found, FindPrivateKeys(use, session, uri.object_id, uri.object_label));
  auto key = OnlyOne(found, uri.Redacted(),
                     NotFound("no private key answers to " + uri.Redacted()).WithReason(kReasonKeyNotFound));
  if (!key.ok()) return connection.Explain(use, std::move(key).error());
  return key;
}

}  // namespace rootkeep::pkcs11
