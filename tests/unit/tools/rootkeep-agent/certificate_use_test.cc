// A certificate that this process itself goes by.
#include "providers/openssl/reference.h"
#include "signer/der/pem.h"
#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

class User final : public CertificateUser {
 public:
  Status Use(const ClientCertificate& certificate, WallTime not_after) override {
    used.push_back(certificate);
    until = not_after;
    return result;
  }
  void Drain(std::chrono::milliseconds /*patience*/) override {}

  Status result = Ok();
  std::vector<ClientCertificate> used;
  WallTime until;
};

class CertificateUse : public CertificateKeeperTest {
 protected:
  CertificateUse() { user = &user_; }

  User user_;
};

TEST_F(CertificateUse, ItsUserGetsEachOneOnceWithAKeyForThisProcess) {
  const auto keeper = Start();
  keeper->Round();
  keeper->Round();
  ASSERT_EQ(user_.used.size(), 1U);
  EXPECT_EQ(user_.used[0].chain_pem, Read(config.chain_file));
  EXPECT_EQ(user_.until, FromUnixSeconds(kStart + 3600));
  ASSERT_OK_AND_ASSIGN(const Bytes der, der::FirstPemBlock(user_.used[0].key_reference));
  provider::KeyReference reference;
  ASSERT_TRUE(provider::ParseReference(der, reference));
  EXPECT_EQ(reference.socket, own_socket) << "not where others find the key";
  PassRenewalTime();
  keeper->Round();
  ASSERT_EQ(user_.used.size(), 2U);
  EXPECT_EQ(user_.used[1].chain_pem, Read(config.chain_file));
}

TEST_F(CertificateUse, OneThatIsFoundIsUsedToo) {
  Start()->Round();
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(ca.asked, 1);
  EXPECT_EQ(user_.used.size(), 2U);
}

TEST_F(CertificateUse, AUserThatCannotIsAskedAgainAndLaterEachTime) {
  user_.result = Unavailable("the address is taken");
  const auto keeper = Start();
  for (int i = 0; i < 60; ++i) {
    keeper->Round();
    clock.Advance(seconds(1));
  }
  EXPECT_GE(user_.used.size(), 4U);
  EXPECT_LE(user_.used.size(), 8U);
  EXPECT_EQ(told.failures.size(), user_.used.size());
  EXPECT_EQ(told.failures.front(), "use");
  EXPECT_EQ(reloads, 1) << "others can use it";
  EXPECT_EQ(told.trouble, "");
  user_.result = Ok();
  clock.Advance(minutes(5));
  keeper->Round();
  const std::size_t tries = user_.used.size();
  clock.Advance(minutes(5));
  keeper->Round();
  EXPECT_EQ(user_.used.size(), tries);
}

}  // namespace
}  // namespace rootkeep::agent
