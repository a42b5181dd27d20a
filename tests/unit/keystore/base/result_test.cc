#include "keystore/base/result.h"

#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument("odd").WithHint("give an even number").WithReason("odd");
  return value / 2;
}

Result<int> Quarter(int value) {
  RK_TRY(const int half, Half(value));
  RK_RETURN_IF_ERROR(Half(half));
  return half / 2;
}

TEST(Result, PropagatesTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_THAT(Quarter(7), testing::HasCode(Code::kInvalidArgument));
  EXPECT_THAT(Quarter(6), testing::HasReason("odd"));
}

TEST(Error, SaysNativeCodeAndHint) {
  const Error error = Unavailable("C_Sign").WithNative({"CKR", 0x32, "CKR_DEVICE_REMOVED"}).WithHint("plug it in");
  EXPECT_EQ(error.ToString(), "C_Sign (CKR_DEVICE_REMOVED 0x32); hint: plug it in");
  EXPECT_TRUE(error.retryable());
  EXPECT_EQ(Error(error).Within("sign").message(), "sign: C_Sign");
}

TEST(Error, SaysWhenToTryAgain) {
  const Error error = ResourceExhausted("full").WithRetryAfter(std::chrono::microseconds(1200));
  EXPECT_EQ(error.retry_after(), std::chrono::milliseconds(2));
  EXPECT_EQ(error.ToString(), "full; retry after 2 ms");
  EXPECT_EQ(ResourceExhausted("full").WithRetryAfter({}).retry_after(), std::chrono::milliseconds(1));
  EXPECT_FALSE(ResourceExhausted("full").retry_after());
}

}  // namespace
}  // namespace rootkeep
