// What the catalogue says reaches those who sign, though nobody looks at a token.
#include "tools/rootkeep-agent/permit_watch.h"

#include <filesystem>

#include "keystore/catalog/catalogued_store.h"
#include "tests/support/eventually.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"

namespace rootkeep::agent {
namespace {

using testing::Eventually;
using testing::IsOk;

class PermitWatchTest : public ::testing::Test {
 protected:
  KeyInfo Make(const std::string& name) {
    CataloguedStore store(hsm.OpenStore(), Catalogue(), {.label = testing::SoftHsm::kLabel, .serial = {}}, clock,
                          {"rootkeep-agent"});
    return store.Create({.use = KeyUse::kApp, .name = name}, After(std::chrono::seconds(30))).value();
  }
  [[nodiscard]] std::unique_ptr<Catalog> Catalogue() const { return Catalog::Open(path).value(); }
  [[nodiscard]] bool MaySign(const KeyInfo& key) const { return permits.Check(keysocket::SocketOptions{}, key).ok(); }

  testing::SoftHsm hsm;
  const testing::ManualClock clock{1'800'000'000};
  const std::string path = hsm.directory() + "/keys.db";
  KeyPermits permits;
  PermitWatch watch{path, permits};
};

TEST_F(PermitWatchTest, AKeyThatIsRetiredIsNotPermittedAnyMore) {
  const KeyInfo web = Make("web");
  const KeyInfo mail = Make("mail");
  ASSERT_THAT(Catalogue()->Retire(mail.label, clock.Now()), IsOk());
  ASSERT_THAT(watch.Start(), IsOk());
  EXPECT_FALSE(MaySign(mail)) << "known from the start";
  EXPECT_TRUE(MaySign(web));
  ASSERT_THAT(Catalogue()->Retire(web.label, clock.Now()), IsOk());
  EXPECT_TRUE(Eventually([&] { return !MaySign(web); }));
}

TEST_F(PermitWatchTest, ACatalogueThatBeginsLaterIsFollowedAndAnotherInItsPlaceToo) {
  ASSERT_THAT(watch.Start(), IsOk());
  const KeyInfo web = Make("web");
  ASSERT_THAT(Catalogue()->Retire(web.label, clock.Now()), IsOk());
  EXPECT_TRUE(Eventually([&] { return !MaySign(web); }));
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix);
  const KeyInfo mail = Make("mail");
  ASSERT_THAT(Catalogue()->Retire(mail.label, clock.Now()), IsOk());
  EXPECT_TRUE(Eventually([&] { return !MaySign(mail); })) << "another file in its place is read";
}

}  // namespace
}  // namespace rootkeep::agent
