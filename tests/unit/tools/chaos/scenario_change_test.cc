// Scenarios that come, go, and cannot be read.
#include <atomic>
#include <cstdlib>
#include <thread>

#include "tests/unit/tools/chaos/module_fixture.h"

namespace rootkeep::chaos {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::SizeIs;

class ScenarioChangeTest : public ModuleTest {
 protected:
  // The log's events with this name.
  [[nodiscard]] std::vector<rootkeep::testing::Chaos::Event> Events(const std::string& name) const {
    auto events = chaos.Log();
    std::erase_if(events, [&name](auto& event) { return event["event"] != name; });
    return events;
  }
};

TEST_F(ScenarioChangeTest, TheNextCallObeysTheNewScenario) {
  const CK_SESSION_HANDLE session = Open();
  for (int round = 0; round < 10; ++round) {
    chaos.Set("fail C_GenerateRandom CKR_DEVICE_MEMORY");
    ASSERT_EQ(Random(session), CKR_DEVICE_MEMORY);
    chaos.Set("fail C_GenerateRandom CKR_DEVICE_ERROR ");
    ASSERT_EQ(Random(session), CKR_DEVICE_ERROR);
    chaos.Clear();
    ASSERT_EQ(Random(session), CKR_OK);
  }
}

TEST_F(ScenarioChangeTest, WhileRunningTheLastGoodOneStays) {
  const CK_SESSION_HANDLE session = Open();
  chaos.Set("fail C_GenerateRandom CKR_DEVICE_ERROR every=2");
  EXPECT_EQ(Random(session), CKR_OK);
  chaos.Set("fail C_GenerateRandom CKR_DEVICE_ERROR evry=2");
  EXPECT_EQ(Random(session), CKR_DEVICE_ERROR);  // counters, too
  EXPECT_EQ(Random(session), CKR_OK);
  const auto errors = Events("scenario-error");
  ASSERT_THAT(errors, SizeIs(1));  // once
  EXPECT_THAT(errors[0].at("error"), AllOf(ContainsRegex("line 1"), ContainsRegex("evry")));
}

TEST_F(ScenarioChangeTest, ABadOneKeepsTheModuleFromStarting) {
  ASSERT_EQ(module->C_Finalize(nullptr), CKR_OK);
  chaos.Set("fail C_Sign");
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  EXPECT_EQ(module->C_Initialize(&arguments), CKR_GENERAL_ERROR);
  EXPECT_EQ(module->C_Initialize(&arguments), CKR_GENERAL_ERROR);
  const auto errors = Events("start-error");
  ASSERT_THAT(errors, SizeIs(2));
  EXPECT_THAT(errors[0].at("error"), ContainsRegex("line 1: the error code is missing"));
  chaos.Clear();
  EXPECT_EQ(module->C_Initialize(&arguments), CKR_OK);
}

TEST_F(ScenarioChangeTest, ALogThatCannotBeWrittenKeepsItFromStartingToo) {
  ASSERT_EQ(module->C_Finalize(nullptr), CKR_OK);
  setenv("ROOTKEEP_CHAOS_LOG", "/nonexistent/log", 1);
  EXPECT_EQ(module->C_Initialize(nullptr), CKR_GENERAL_ERROR);
}

TEST_F(ScenarioChangeTest, ChangesUnderManyThreads) {
  constexpr int kThreads = 4;
  const CK_SLOT_ID slot = Slot();
  std::atomic<bool> stop = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
        if (module->C_OpenSession(slot, CKF_SERIAL_SESSION, nullptr, nullptr, &session) != CKR_OK) continue;
        for (int call = 0; call < 20; ++call) (void)Random(session);
        module->C_CloseSession(session);
      }
    });
  }
  for (int round = 0; round < 10; ++round) {
    for (const char* scenario : {"token-away", "lose-sessions C_GenerateRandom every=7 quiet",
                                 "delay * 0us..200us workers=2 quiet", "fail * CKR_DEVICE_ERROR chance=0.1 quiet"}) {
      chaos.Set(scenario);
      CK_INFO info{};
      module->C_GetInfo(&info);  // so that it was seen
    }
  }
  chaos.Clear();
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Random(Open()), CKR_OK);
  EXPECT_THAT(Events("scenario"), SizeIs(::testing::Ge(40U)));
}

}  // namespace
}  // namespace rootkeep::chaos
