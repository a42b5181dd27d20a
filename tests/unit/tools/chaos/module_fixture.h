// The module, loaded by path in front of SoftHSM, called as an application calls it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <p11-kit/pkcs11.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/chaos.h"
#include "tests/support/softhsm.h"

namespace rootkeep::chaos {

// A field of an event.
MATCHER_P2(Has, key, value, "has " + std::string(key) + "=" + std::string(value)) {
  const auto found = arg.find(key);
  return found != arg.end() && found->second == value;
}

// Calls `done` until it is true; false when that takes longer than twenty seconds.
bool Eventually(const std::function<bool()>& done);

// A token with the key pairs "signing" (id 01) and "decoy" (id 02), both on P-256. The module is initialised, and no
// session is open.
class ModuleTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  void Initialise() const;

  // Slots in which a token is.
  [[nodiscard]] std::vector<CK_SLOT_ID> Slots() const;
  // Of the token.
  [[nodiscard]] CK_SLOT_ID Slot(const std::string& label = rootkeep::testing::SoftHsm::kLabel) const;

  // Session and login that must succeed.
  [[nodiscard]] CK_SESSION_HANDLE Open() const { return Open(Slot()); }
  [[nodiscard]] CK_SESSION_HANDLE Open(CK_SLOT_ID slot) const;
  [[nodiscard]] CK_SESSION_HANDLE OpenAndLogin() const;
  [[nodiscard]] CK_RV TryOpen(CK_SLOT_ID slot, CK_SESSION_HANDLE* session = nullptr) const;
  [[nodiscard]] CK_RV Login(CK_SESSION_HANDLE session) const;
  [[nodiscard]] CK_STATE State(CK_SESSION_HANDLE session) const;

  // The key, or CK_INVALID_HANDLE.
  [[nodiscard]] CK_OBJECT_HANDLE Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                                      const std::string& label) const;
  [[nodiscard]] CK_OBJECT_HANDLE FindById(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                                          const std::string& id) const;
  [[nodiscard]] std::string Read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const;

  // C_SignInit and C_Sign over a fixed digest; the signature is left in `signature`.
  CK_RV Sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key);
  // Whether `signature` is one by this key pair's public half.
  [[nodiscard]] CK_RV Verify(CK_SESSION_HANDLE session, const std::string& label);

  // One call that a token answers.
  [[nodiscard]] CK_RV Random(CK_SESSION_HANDLE session) const;

  rootkeep::testing::SoftHsm hsm;
  rootkeep::testing::Chaos chaos;
  CK_FUNCTION_LIST* module = nullptr;
  std::vector<CK_BYTE> signature;

 private:
  [[nodiscard]] CK_OBJECT_HANDLE FindBy(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type,
                                        std::string value) const;
  void MakeKey(CK_SESSION_HANDLE session, std::string label, std::string id) const;
};

}  // namespace rootkeep::chaos
