#include "signer/ops/readiness.h"

#include <gtest/gtest.h>

namespace rootkeep {
namespace {

TEST(Readiness, IsReadyOnlyWhenEveryComponentIs) {
  Readiness readiness;
  EXPECT_FALSE(readiness.ready()) << "nothing reported is not ready";
  readiness.Report("ledger", "");
  EXPECT_TRUE(readiness.ready());
  readiness.Report("token", "absent");
  EXPECT_FALSE(readiness.ready());
  readiness.Report("token", "");
  EXPECT_TRUE(readiness.ready());
}

TEST(Readiness, TellsChangesOnce) {
  Readiness readiness;
  std::vector<bool> changes;
  readiness.SetOnChange([&changes](bool ready) { changes.push_back(ready); });
  readiness.Report("token", "absent");
  readiness.Report("token", "absent");
  readiness.Report("token", "still absent, for another reason");
  readiness.Report("token", "");
  readiness.Report("token", "");
  EXPECT_EQ(changes, (std::vector<bool>{false, true}));
}

}  // namespace
}  // namespace rootkeep
