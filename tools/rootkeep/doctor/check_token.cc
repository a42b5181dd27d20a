#include "tools/rootkeep/doctor/check_token.h"

#include <fmt/format.h>

#include "keystore/base/random.h"
#include "keystore/pkcs11/store.h"
#include "tools/rootkeep/deadlines.h"
#include "tools/rootkeep/find_token.h"
#include "tools/rootkeep/key_report.h"

namespace rootkeep::cli {
namespace {

constexpr const char* kOpenModule = "open module";
constexpr const char* kInitialise = "initialise";
constexpr const char* kFindToken = "find token";
constexpr const char* kReadPin = "read PIN";
constexpr const char* kLogIn = "log in";
constexpr const char* kFindKey = "find key";
constexpr const char* kCustody = "custody";
constexpr const char* kPermission = "permission";
constexpr const char* kSign = "sign and verify";

// What is signed says what it is, and differs every time, so that it can be passed off as nothing else.
Status SignAndVerify(const Signer& signer) {
  RK_TRY(const Bytes random, RandomBytes(32));
  const std::string statement = "rootkeep doctor: this signature proves that the key works: " + ToHex(random);
  const SignatureScheme scheme = SchemesOf(signer.public_key().type()).front();
  RK_TRY(const Bytes input, Digest(SchemeHash(scheme), AsBytes(statement)));
  RK_TRY(const Bytes signature, signer.Sign(scheme, input, After(kTokenDeadline)));
  return signer.public_key().Verify(scheme, input, signature);
}

// Tells what comes after a failed step.
void SkipRest(Checkup& checkup, const std::string& name, std::initializer_list<const char*> steps) {
  for (const char* step : steps) checkup.NotTried(step, name);
}

}  // namespace

std::optional<OpenToken> CheckToken(Checkup& checkup, pkcs11::ModuleRegistry& modules, const std::string& name,
                                    const TokenPlace& place) {
  OpenToken token;
  auto module = modules.Load(place.module);
  if (!checkup.Step(kOpenModule, place.module.path, module)) {
    SkipRest(checkup, name, {kInitialise, kFindToken, kReadPin, kLogIn});
    return std::nullopt;
  }
  token.module = *module;
  if (!checkup.Step(kInitialise, place.module.path, token.module->Initialise(After(kTokenDeadline)))) {
    SkipRest(checkup, name, {kFindToken, kReadPin, kLogIn});
    return std::nullopt;
  }
  const auto device = FindDevice(*token.module, place.selector);
  if (!checkup.Step(
          kFindToken, name, device,
          device.ok() ? fmt::format("{}, {} {}", TokenText(*device), device->manufacturer, device->model) : "")) {
    SkipRest(checkup, name, {kReadPin, kLogIn});
    return std::nullopt;
  }
  const auto pin = place.pin.Read();
  if (!checkup.Step(kReadPin, name, pin)) {
    SkipRest(checkup, name, {kLogIn});
    return std::nullopt;
  }
  auto store = pkcs11::OpenStore(token.module, place.selector, place.pin);
  const Status logged_in = store.ok() ? (*store)->health()->Probe(After(kTokenDeadline)) : Status(store.error());
  if (!checkup.Step(kLogIn, name, logged_in)) return std::nullopt;
  token.store = *store;
  return token;
}

void CheckKey(Checkup& checkup, const Result<std::shared_ptr<const Signer>>& found, const std::string& name, KeyUse use,
              CustodyLevel level, bool production, const std::optional<Status>& permitted) {
  if (!checkup.Step(kFindKey, name, found, found.ok() ? (*found)->info().label : "")) {
    SkipRest(checkup, name, {kCustody, kSign});
    return;
  }
  const KeyInfo& key = (*found)->info();
  checkup.Step(kCustody, name, CheckCustody(key, use, level, production), CustodyText(key));
  if (permitted && !checkup.Step(kPermission, name, *permitted)) return SkipRest(checkup, name, {kSign});
  checkup.Step(kSign, name, SignAndVerify(**found), std::string(KeyTypeName(key.public_key.type())));
}

void SkipKey(Checkup& checkup, const std::string& name) { SkipRest(checkup, name, {kFindKey, kCustody, kSign}); }

}  // namespace rootkeep::cli
