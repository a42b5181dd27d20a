// rootkeepd on a real token, asked by a real client over TLS.
#include "tests/support/daemon_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/issuing_authority.h"
#include "tests/support/matchers.h"

namespace rootkeep {
namespace {

using testing::DaemonFixture;
using testing::HasCode;
using testing::IsOk;
using testing::MakeCsrPem;

TEST(Daemon, IssuesFromAKeyInTheToken) {
  DaemonFixture fixture;
  ASSERT_THAT(fixture.Start(), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto answer, fixture.Client(fixture.Token())->CreateCertificate(MakeCsrPem(), 0, ""));
  ASSERT_EQ(answer.cert_chain.size(), 3U);
  EXPECT_EQ(answer.cert_chain.back(), fixture.root_pem());
  EXPECT_FALSE(answer.request_id.empty());
}

TEST(Daemon, RefusesWhileTheTokenIsAwayAndServesWhenItIsBack) {
  DaemonFixture fixture;
  ASSERT_THAT(fixture.Start(), IsOk());
  const auto client = fixture.Client(fixture.Token());
  ASSERT_THAT(client->CreateCertificate(MakeCsrPem(), 0, ""), IsOk());
  fixture.hsm().TakeAway();
  EXPECT_TRUE(testing::Eventually([&] { return !client->CreateCertificate(MakeCsrPem(), 0, "").ok(); }));
  EXPECT_THAT(client->CreateCertificate(MakeCsrPem(), 0, ""), HasCode(Code::kUnavailable));
  fixture.hsm().GiveBack();
  const auto waited = fixture.WaitUntilServing();
  RecordProperty("milliseconds_until_serving", static_cast<int>(waited.count()));
  EXPECT_LT(waited.count(), 1000) << "the first good certificate comes within a second";
}

TEST(Daemon, StartsWithoutItsTokenAndServesWhenItAppears) {
  DaemonFixture fixture;
  fixture.hsm().TakeAway();
  ASSERT_THAT(fixture.Start(), IsOk());
  EXPECT_FALSE(fixture.daemon().ready());
  fixture.hsm().GiveBack();
  fixture.WaitUntilServing();
  EXPECT_TRUE(testing::Eventually([&] { return fixture.daemon().ready(); }));
}

}  // namespace
}  // namespace rootkeep
