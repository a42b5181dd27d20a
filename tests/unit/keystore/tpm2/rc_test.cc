#include "keystore/tpm2/rc.h"

#include <tss2/tss2_tpm2_types.h>

#include <utility>
#include <vector>

#include "keystore/tpm2/reasons.h"
#include "tests/support/matchers.h"

namespace rootkeep::tpm2 {
namespace {

// Numbers as TPMs send them: with the handle, session or parameter that they are about.
TEST(RcTest, SaysWhatTheNextTryIsWorth) {
  const std::vector<std::pair<TSS2_RC, RcClass>> cases{
      {0x922, RcClass::kRetry},    // RETRY
      {0x908, RcClass::kRetry},    // YIELDED
      {0x90A, RcClass::kRetry},    // TESTING
      {0xB0922, RcClass::kRetry},  // the same by a resource manager
      {0x902, RcClass::kMemory},   // OBJECT_MEMORY
      {0x903, RcClass::kMemory},   // SESSION_MEMORY
      {0x98E, RcClass::kAuth},     // session 1: AUTH_FAIL
      {0x9A2, RcClass::kAuth},     // session 1: BAD_AUTH
      {0x921, RcClass::kLockout},  // LOCKOUT
      {0x910, RcClass::kGone},     // REFERENCE_H0
      {0x918, RcClass::kGone},     // REFERENCE_S0
      {0x18B, RcClass::kGone},     // handle 1: HANDLE
      {0x1CB, RcClass::kOther},    // parameter 1: HANDLE
      {0x100, RcClass::kDown},     // INITIALIZE
      {0x101, RcClass::kDown},     // FAILURE
      {0xA000A, RcClass::kDown},   // TCTI: I/O error
      {0x7000A, RcClass::kDown},   // the same as ESAPI passes it on
      {0x1DF, RcClass::kOther},    // parameter 1: INTEGRITY
      {0x70007, RcClass::kOther},  // ESAPI: bad sequence
  };
  for (const auto& [rc, rc_class] : cases) {
    EXPECT_EQ(ClassOf(rc), rc_class) << std::hex << rc;
    EXPECT_EQ(ClassOf(FromRc("TPM2_Test", rc)), rc_class) << std::hex << rc;
  }
}

TEST(RcTest, TellsACallerWhatToDo) {
  EXPECT_EQ(FromRc("TPM2_Sign", 0x921).code(), Code::kFailedPrecondition);
  EXPECT_FALSE(FromRc("TPM2_Sign", 0x921).retryable());
  EXPECT_EQ(FromRc("TPM2_Sign", 0x921).reason(), kReasonLockout);
  EXPECT_FALSE(FromRc("TPM2_Sign", 0x98E).retryable());
  EXPECT_TRUE(FromRc("TPM2_Sign", 0x922).retryable());
  EXPECT_EQ(FromRc("TPM2_Load", 0x902).code(), Code::kResourceExhausted);
  EXPECT_EQ(FromRc("TPM2_Load", 0x1DF).code(), Code::kDataLoss);
  EXPECT_EQ(FromRc("TPM2_Create", 0x2D2).code(), Code::kUnimplemented);  // parameter 2: SCHEME
  const Error error = FromRc("TPM2_Sign", 0x9A2);
  EXPECT_EQ(error.native().domain, "TSS2");
  EXPECT_EQ(error.native().value, 0x9A2U);
  EXPECT_NE(error.ToString().find("TPM2_Sign failed"), std::string::npos) << error.ToString();
  EXPECT_NE(error.ToString().find("authorization failure"), std::string::npos) << error.ToString();
}

TEST(RcTest, KnowsNoClassOfOtherErrors) { EXPECT_EQ(ClassOf(Unavailable("something else")), RcClass::kOther); }

}  // namespace
}  // namespace rootkeep::tpm2
