#include "keystore/tpm2/tpm.h"

#include <atomic>
#include <future>
#include <thread>

#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/swtpm.h"

namespace rootkeep::tpm2 {
namespace {

using rootkeep::testing::Eventually;
using rootkeep::testing::HasCode;
using rootkeep::testing::HasReason;
using rootkeep::testing::IsOk;
using rootkeep::testing::SwTpm;
using rootkeep::testing::TempDir;
using std::chrono::milliseconds;
using std::chrono::seconds;

Deadline Soon() { return After(seconds(20)); }

// A restricted storage key of the null hierarchy: made quickly, and as large as any object.
Result<ESYS_TR> LoadObject(ESYS_CONTEXT* esys) {
  TPM2B_SENSITIVE_CREATE sensitive{};
  TPM2B_PUBLIC area{};
  area.publicArea.type = TPM2_ALG_ECC;
  area.publicArea.nameAlg = TPM2_ALG_SHA256;
  area.publicArea.objectAttributes = 0x30472;
  area.publicArea.parameters.eccDetail = {
      .symmetric = {.algorithm = TPM2_ALG_AES, .keyBits = {.aes = 128}, .mode = {.aes = TPM2_ALG_CFB}},
      .scheme = {.scheme = TPM2_ALG_NULL},
      .curveID = TPM2_ECC_NIST_P256,
      .kdf = {.scheme = TPM2_ALG_NULL}};
  TPM2B_DATA outside{};
  TPML_PCR_SELECTION pcrs{};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_CreatePrimary",
         Esys_CreatePrimary(esys, ESYS_TR_RH_NULL, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, &area,
                            &outside, &pcrs, &handle, nullptr, nullptr, nullptr, nullptr));
  return handle;
}

Result<ESYS_TR> StartSession(ESYS_CONTEXT* esys) {
  const TPMT_SYM_DEF none{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
  ESYS_TR handle = ESYS_TR_NONE;
  RK_TSS("TPM2_StartAuthSession",
         Esys_StartAuthSession(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, nullptr,
                               TPM2_SE_HMAC, &none, TPM2_ALG_SHA256, &handle));
  return handle;
}

Result<std::size_t> CountHandles(ESYS_CONTEXT* esys, TPM2_HANDLE first) {
  EsysOut<TPMS_CAPABILITY_DATA> data;
  TPMI_YES_NO more = 0;
  RK_TSS("TPM2_GetCapability", Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES,
                                                  first, TPM2_MAX_CAP_HANDLES, &more, data.put()));
  return data->data.handles.count;
}

// Objects and loaded sessions, whoever's they are.
Result<std::size_t> CountLoaded(ESYS_CONTEXT* esys) {
  RK_TRY(const std::size_t objects, CountHandles(esys, TPM2_TRANSIENT_FIRST));
  RK_TRY(const std::size_t sessions, CountHandles(esys, TPM2_LOADED_SESSION_FIRST));
  return objects + sessions;
}

Status Answer(ESYS_CONTEXT* esys) {
  EsysOut<TPM2B_DIGEST> octets;
  RK_TSS("TPM2_GetRandom", Esys_GetRandom(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, 8, octets.put()));
  return Ok();
}

class TpmTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { QuietTss2(); }

  TpmOptions Options() {
    TpmOptions options{.transport = {.tcti = swtpm_.tcti(), .memory_patience = milliseconds(100)},
                       .turn_file = directory_ / "turn"};
    options.idle = seconds(60);  // what is kept stays for as long as a test looks
    return options;
  }
  std::shared_ptr<Tpm> Open() { return *Tpm::Open(Options()); }
  // Seen by somebody who has nothing loaded.
  std::size_t Loaded() {
    return *(*Tpm::Open({.transport = {.tcti = swtpm_.tcti()}, .turn_file = ""}))->Use(Soon(), CountLoaded);
  }

  TempDir directory_;
  SwTpm swtpm_;
};

TEST_F(TpmTest, TakesNoTpmThatIsNotNamed) {
  for (const char* tcti : {"", "device", "device:", ":/dev/tpmrm0", "swtpm", "cmd:true", "/tmp/other.so:x", "default:x",
                           "tabrmd:", "pcap:device:/dev/tpmrm0"}) {
    EXPECT_THAT(Tpm::Open({.transport = {.tcti = tcti}, .turn_file = ""}), HasCode(Code::kInvalidArgument)) << tcti;
  }
}

TEST_F(TpmTest, KnowsWhoDividesTheTpm) {
  EXPECT_TRUE(HasResourceManager("device:/dev/tpmrm0"));
  EXPECT_TRUE(HasResourceManager("tabrmd:bus_type=system"));
  EXPECT_FALSE(HasResourceManager("device:/dev/tpm0"));
  EXPECT_FALSE(HasResourceManager(swtpm_.tcti()));
}

TEST_F(TpmTest, SaysWhoMadeTheTpm) {
  const auto tpm = Open();
  const auto identity = tpm->Run(Tpm::Management(Soon()),
                                 [](Connection& connection) -> Result<TpmIdentity> { return connection.identity(); });
  ASSERT_THAT(identity, IsOk());
  EXPECT_EQ(identity->manufacturer, "IBM");
  EXPECT_EQ(identity->model, "SW   TPM");
  EXPECT_TRUE(identity->software());
}

TEST_F(TpmTest, FlushesWhateverAWorkLeavesAlsoWhenItFails) {
  const auto tpm = Open();
  for (int round = 0; round < 8; ++round) {
    const bool fails = round % 2 == 1;
    const auto left = tpm->Use(Soon(), [&](ESYS_CONTEXT* esys) -> Status {
      RK_RETURN_IF_ERROR(LoadObject(esys));
      RK_RETURN_IF_ERROR(LoadObject(esys));
      RK_RETURN_IF_ERROR(StartSession(esys));
      RK_RETURN_IF_ERROR(StartSession(esys));
      return fails ? Status(NotFound("on purpose")) : Ok();
    });
    ASSERT_EQ(left.ok(), !fails) << (left.ok() ? "" : left.error().ToString());
    EXPECT_EQ(Loaded(), 0U);
  }
}

TEST_F(TpmTest, KeepsWhatIsToBeKeptUntilAnotherWorkNeedsThePlaces) {
  const auto tpm = Open();
  const auto keep = [](Connection& connection) -> Status {
    RK_TRY(const ESYS_TR object, LoadObject(connection.esys()));
    connection.kept().key = Transient(connection.esys(), object);
    RK_TRY(const ESYS_TR other, LoadObject(connection.esys()));
    EXPECT_NE(other, object);
    return Ok();
  };
  ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), keep), IsOk());
  EXPECT_EQ(Loaded(), 1U);
  const auto all_places = [](ESYS_CONTEXT* esys) -> Status {
    for (int i = 0; i < 3; ++i) RK_RETURN_IF_ERROR(LoadObject(esys));
    return Ok();
  };
  EXPECT_THAT(tpm->Use(Soon(), all_places), IsOk());
  EXPECT_EQ(Loaded(), 0U);
}

TEST_F(TpmTest, FlushesWhatItKeepsWhenItIsIdleAndAtItsEnd) {
  TpmOptions options = Options();
  options.idle = milliseconds(1);
  auto tpm = *Tpm::Open(options);
  const auto keep = [](Connection& connection) -> Status {
    RK_TRY(const ESYS_TR object, LoadObject(connection.esys()));
    connection.kept().key = Transient(connection.esys(), object);
    return Ok();
  };
  ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), keep), IsOk());
  EXPECT_TRUE(Eventually([this] { return Loaded() == 0; }));
  tpm = Open();
  ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), keep), IsOk());
  ASSERT_EQ(Loaded(), 1U);
  tpm.reset();
  EXPECT_EQ(Loaded(), 0U);
}

TEST_F(TpmTest, IsAStateWhileTheTpmIsAway) {
  swtpm_.SwitchOff();
  const auto tpm = Open();
  EXPECT_THAT(tpm->Use(Soon(), Answer), HasCode(Code::kUnavailable));
  EXPECT_THAT(tpm->Use(Soon(), Answer), HasReason(kReasonTpmDown));
  EXPECT_THAT(tpm->Probe(Soon()), HasReason(kReasonTpmDown));
  swtpm_.SwitchOn();
  EXPECT_TRUE(Eventually([&] { return tpm->Probe(Soon()).ok(); }, seconds(2)));
  EXPECT_THAT(tpm->Use(Soon(), Answer), IsOk());
}

TEST_F(TpmTest, GoesOnAfterAResetWithoutAnybodyNoticing) {
  const auto tpm = Open();
  int sessions = 0;
  // As a signer does: what is kept is used if there is any.
  const auto use = [&](Connection& connection) -> Status {
    Kept& kept = connection.kept();
    if (!kept.session.valid()) {
      RK_TRY(const ESYS_TR made, StartSession(connection.esys()));
      kept.session = Transient(connection.esys(), made);
      ++sessions;
    }
    EsysOut<TPM2B_DIGEST> octets;
    TPMA_SESSION audit = TPMA_SESSION_AUDIT | TPMA_SESSION_CONTINUESESSION;
    RK_TSS("Esys_TRSess_SetAttributes", Esys_TRSess_SetAttributes(connection.esys(), kept.session.get(), audit, 0xff));
    RK_TSS("TPM2_GetRandom",
           Esys_GetRandom(connection.esys(), kept.session.get(), ESYS_TR_NONE, ESYS_TR_NONE, 8, octets.put()));
    return Ok();
  };
  for (int round = 1; round <= 3; ++round) {
    ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), use), IsOk()) << round;
    ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), use), IsOk()) << round;
    EXPECT_EQ(sessions, round);
    swtpm_.SwitchOff();
    swtpm_.SwitchOn();
  }
  EXPECT_THAT(tpm->Use(Soon(), Answer), IsOk());
}

TEST_F(TpmTest, DoesNotFlushWhatIsAnothersSinceAReset) {
  const auto tpm = Open();
  const auto keep = [](Connection& connection) -> Status {
    RK_TRY(const ESYS_TR object, LoadObject(connection.esys()));
    connection.kept().key = Transient(connection.esys(), object);
    return Ok();
  };
  ASSERT_THAT(tpm->Run(Tpm::Management(Soon()), keep), IsOk());
  swtpm_.SwitchOff();
  swtpm_.SwitchOn();
  swtpm_.Occupy();
  ASSERT_EQ(Loaded(), 3U);
  EXPECT_THAT(tpm->Use(Soon(), Answer), IsOk());
  EXPECT_EQ(Loaded(), 3U);
}

TEST_F(TpmTest, GivesUpWhenOthersKeepAllPlaces) {
  const auto tpm = Open();
  swtpm_.Occupy();
  const auto refused = tpm->Use(Soon(), LoadObject);
  EXPECT_THAT(refused, HasCode(Code::kResourceExhausted));
  EXPECT_THAT(refused, HasReason(kReasonTpmMemory));
  EXPECT_THAT(tpm->Use(Soon(), Answer), IsOk());
}

TEST_F(TpmTest, WaitsForAPlaceThatOthersGiveBack) {
  TpmOptions options = Options();
  options.transport.memory_patience = seconds(10);
  const auto tpm = *Tpm::Open(options);
  options.turn_file = "";  // one that has no manners
  const auto other = *Tpm::Open(options);
  std::promise<void> loaded;
  std::promise<void> enough;
  std::thread holder([&] {
    const auto hold = [&](ESYS_CONTEXT* esys) -> Status {
      for (int i = 0; i < 3; ++i) RK_RETURN_IF_ERROR(LoadObject(esys));
      loaded.set_value();
      enough.get_future().wait();
      return Ok();
    };
    EXPECT_THAT(other->Use(Soon(), hold), IsOk());
  });
  loaded.get_future().wait();
  std::atomic<bool> waits{false};
  auto waiting = std::async(std::launch::async, [&]() -> Status {
    waits = true;
    RK_RETURN_IF_ERROR(tpm->Use(Soon(), LoadObject));
    return Ok();
  });
  EXPECT_TRUE(Eventually([&] { return waits.load(); }));
  enough.set_value();
  EXPECT_THAT(waiting.get(), IsOk());
  holder.join();
}

TEST_F(TpmTest, BeginsNoWorkAfterItsDeadline) {
  const auto tpm = Open();
  bool ran = false;
  const auto note = [&](ESYS_CONTEXT*) -> Status {
    ran = true;
    return Ok();
  };
  EXPECT_THAT(tpm->Use(std::chrono::steady_clock::now(), note), HasReason(kReasonDeadline));
  std::promise<void> begun;
  std::promise<void> enough;
  std::thread busy([&] {
    const auto block = [&](ESYS_CONTEXT*) -> Status {
      begun.set_value();
      enough.get_future().wait();
      return Ok();
    };
    EXPECT_THAT(tpm->Use(Soon(), block), IsOk());
  });
  begun.get_future().wait();
  EXPECT_THAT(tpm->Use(After(milliseconds(20)), note), HasReason(kReasonDeadline));
  enough.set_value();
  busy.join();
  EXPECT_FALSE(ran);
}

// As many processes would: each has a context, a lock and things to keep of its own.
TEST_F(TpmTest, SharesTheTpmWithOthersOfTheSameTurnFile) {
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int process = 0; process < 4; ++process) {
    threads.emplace_back([&] {
      TpmOptions options = Options();
      options.slice = milliseconds(2);
      options.transport.memory_patience = milliseconds(1);
      const auto tpm = *Tpm::Open(options);
      for (int i = 0; i < 25; ++i) {
        const auto use_two = [](Connection& connection) -> Status {
          Kept& kept = connection.kept();
          for (Transient* place : {&kept.storage_key, &kept.key}) {
            if (place->valid()) continue;
            RK_TRY(const ESYS_TR made, LoadObject(connection.esys()));
            *place = Transient(connection.esys(), made);
          }
          RK_RETURN_IF_ERROR(LoadObject(connection.esys()));
          return Ok();
        };
        const auto done = tpm->Run(Tpm::Management(Soon()), use_two);
        EXPECT_THAT(done, IsOk());
        good += done.ok() ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, 100);
  EXPECT_EQ(Loaded(), 0U);
}

}  // namespace
}  // namespace rootkeep::tpm2
