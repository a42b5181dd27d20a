#include "tests/unit/tools/chaos/module_fixture.h"

#include <dlfcn.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace rootkeep::chaos {
namespace {

using rootkeep::testing::Chaos;
using rootkeep::testing::SoftHsm;

std::array<CK_BYTE, 32> digest{1, 2, 3};

}  // namespace

bool Eventually(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

void ModuleTest::SetUp() {
  setenv("SOFTHSM2_CONF", hsm.conf_file().c_str(), 1);
  for (const auto& [name, value] : chaos.Environment(SoftHsm::ModulePath())) setenv(name.c_str(), value.c_str(), 1);
  void* const library = dlopen(Chaos::ModulePath().c_str(), RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(library, nullptr) << dlerror();
  const auto get = reinterpret_cast<CK_C_GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  ASSERT_NE(get, nullptr);
  ASSERT_EQ(get(&module), CKR_OK);
  Initialise();
  const CK_SESSION_HANDLE session = OpenAndLogin();
  MakeKey(session, "signing", "\x01");
  MakeKey(session, "decoy", "\x02");
  ASSERT_EQ(module->C_CloseSession(session), CKR_OK);
}

void ModuleTest::TearDown() {
  chaos.Clear();
  if (module != nullptr) module->C_Finalize(nullptr);
}

void ModuleTest::Initialise() const {
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  ASSERT_EQ(module->C_Initialize(&arguments), CKR_OK);
}

std::vector<CK_SLOT_ID> ModuleTest::Slots() const {
  CK_ULONG count = 0;
  EXPECT_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);
  std::vector<CK_SLOT_ID> slots(count);
  EXPECT_EQ(module->C_GetSlotList(CK_TRUE, slots.data(), &count), CKR_OK);
  slots.resize(count);
  return slots;
}

CK_SLOT_ID ModuleTest::Slot(const std::string& label) const {
  for (const CK_SLOT_ID slot : Slots()) {
    CK_TOKEN_INFO info{};
    if (module->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    if (std::memcmp(info.label, label.data(), label.size()) == 0) return slot;
  }
  ADD_FAILURE() << "no token " << label;
  return 0;
}

CK_RV ModuleTest::TryOpen(CK_SLOT_ID slot, CK_SESSION_HANDLE* session) const {
  CK_SESSION_HANDLE opened = CK_INVALID_HANDLE;
  const CK_RV rv = module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &opened);
  if (session != nullptr) *session = opened;
  return rv;
}

CK_SESSION_HANDLE ModuleTest::Open(CK_SLOT_ID slot) const {
  CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
  EXPECT_EQ(TryOpen(slot, &session), CKR_OK);
  return session;
}

CK_SESSION_HANDLE ModuleTest::OpenAndLogin() const {
  const CK_SESSION_HANDLE session = Open();
  EXPECT_EQ(Login(session), CKR_OK);
  return session;
}

CK_RV ModuleTest::Login(CK_SESSION_HANDLE session) const {
  std::string pin = SoftHsm::kPin;
  return module->C_Login(session, CKU_USER, reinterpret_cast<CK_UTF8CHAR*>(pin.data()), pin.size());
}

CK_STATE ModuleTest::State(CK_SESSION_HANDLE session) const {
  CK_SESSION_INFO info{};
  EXPECT_EQ(module->C_GetSessionInfo(session, &info), CKR_OK);
  return info.state;
}

void ModuleTest::MakeKey(CK_SESSION_HANDLE session, std::string label, std::string id) const {
  CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
  std::array<CK_BYTE, 10> p256{0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
  CK_BBOOL yes = CK_TRUE;
  auto public_half = std::to_array<CK_ATTRIBUTE>({{CKA_TOKEN, &yes, sizeof yes},
                                                  {CKA_VERIFY, &yes, sizeof yes},
                                                  {CKA_LABEL, label.data(), label.size()},
                                                  {CKA_ID, id.data(), id.size()},
                                                  {CKA_EC_PARAMS, p256.data(), p256.size()}});
  auto private_half = std::to_array<CK_ATTRIBUTE>({{CKA_TOKEN, &yes, sizeof yes},
                                                   {CKA_PRIVATE, &yes, sizeof yes},
                                                   {CKA_SIGN, &yes, sizeof yes},
                                                   {CKA_LABEL, label.data(), label.size()},
                                                   {CKA_ID, id.data(), id.size()}});
  CK_OBJECT_HANDLE a = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE b = CK_INVALID_HANDLE;
  ASSERT_EQ(module->C_GenerateKeyPair(session, &mechanism, public_half.data(), public_half.size(), private_half.data(),
                                      private_half.size(), &a, &b),
            CKR_OK);
}

CK_OBJECT_HANDLE ModuleTest::FindBy(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class, CK_ATTRIBUTE_TYPE type,
                                    std::string value) const {
  auto wanted = std::to_array<CK_ATTRIBUTE>(
      {{CKA_CLASS, &object_class, sizeof object_class}, {type, value.data(), value.size()}});
  EXPECT_EQ(module->C_FindObjectsInit(session, wanted.data(), wanted.size()), CKR_OK);
  CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
  CK_ULONG count = 0;
  EXPECT_EQ(module->C_FindObjects(session, &object, 1, &count), CKR_OK);
  EXPECT_EQ(module->C_FindObjectsFinal(session), CKR_OK);
  return object;
}

CK_OBJECT_HANDLE ModuleTest::Find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                                  const std::string& label) const {
  return FindBy(session, object_class, CKA_LABEL, label);
}

CK_OBJECT_HANDLE ModuleTest::FindById(CK_SESSION_HANDLE session, CK_OBJECT_CLASS object_class,
                                      const std::string& id) const {
  return FindBy(session, object_class, CKA_ID, id);
}

std::string ModuleTest::Read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) const {
  std::string value(256, '\0');
  CK_ATTRIBUTE attribute{type, value.data(), value.size()};
  EXPECT_EQ(module->C_GetAttributeValue(session, object, &attribute, 1), CKR_OK);
  value.resize(attribute.ulValueLen);
  return value;
}

CK_RV ModuleTest::Sign(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  CK_RV rv = module->C_SignInit(session, &mechanism, key);
  if (rv != CKR_OK) return rv;
  signature.assign(128, 0xee);
  CK_ULONG size = signature.size();
  rv = module->C_Sign(session, digest.data(), digest.size(), signature.data(), &size);
  signature.resize(size);
  return rv;
}

CK_RV ModuleTest::Verify(CK_SESSION_HANDLE session, const std::string& label) {
  CK_MECHANISM mechanism{CKM_ECDSA, nullptr, 0};
  const CK_RV rv = module->C_VerifyInit(session, &mechanism, Find(session, CKO_PUBLIC_KEY, label));
  if (rv != CKR_OK) return rv;
  return module->C_Verify(session, digest.data(), digest.size(), signature.data(), signature.size());
}

CK_RV ModuleTest::Random(CK_SESSION_HANDLE session) const {
  std::array<CK_BYTE, 8> octets{};
  return module->C_GenerateRandom(session, octets.data(), octets.size());
}

}  // namespace rootkeep::chaos
