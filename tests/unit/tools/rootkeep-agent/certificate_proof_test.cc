// By what a certificate's renewal is asked for: the one before, or a token.
#include "providers/openssl/reference.h"
#include "signer/der/pem.h"
#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

TEST_F(CertificateKeeperTest, ShowsTheCertificateThatItHas) {
  const auto keeper = Start();
  keeper->Round();
  EXPECT_FALSE(ca.shown) << "there was none";
  const std::string first = Read(config.chain_file);
  PassRenewalTime();
  keeper->Round();
  ASSERT_TRUE(ca.shown);
  EXPECT_EQ(ca.shown->chain_pem, first);
  // Its key is where this process finds it, wherever others do.
  ASSERT_OK_AND_ASSIGN(const Bytes der, der::FirstPemBlock(ca.shown->key_reference));
  provider::KeyReference reference;
  ASSERT_TRUE(provider::ParseReference(der, reference));
  EXPECT_EQ(reference.socket, own_socket);
  EXPECT_EQ(ToBytes(*reference.fingerprint), Certified().fingerprint());
  // So does the next agent, with what it finds.
  const std::string second = Read(config.chain_file);
  PassRenewalTime();
  Start()->Round();
  ASSERT_TRUE(ca.shown);
  EXPECT_EQ(ca.shown->chain_pem, second);
  EXPECT_EQ(ca.asked, 3);
}

TEST_F(CertificateKeeperTest, ShowsATokenWhereTheCertificateIsRefused) {
  const auto keeper = Start();
  keeper->Round();
  ca.certificates = Error(Code::kUnauthenticated, "no certificates here");
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 3) << "one with each, at once";
  EXPECT_FALSE(ca.shown);
  EXPECT_EQ(keeper->not_after(), clock.Now() + hours(1));
}

TEST_F(CertificateKeeperTest, ShowsNoCertificateOfAnotherName) {
  Start()->Round();
  config.identities = {GeneralNameFromText("spiffe://cluster.local/ns/demo/sa/other"), GeneralNameFromText("web.test")};
  PassRenewalTime();
  Start()->Round();
  EXPECT_FALSE(ca.shown) << "it would be given the old name for ever";
  config.identities = {GeneralNameFromText("web.test")};
  PassRenewalTime();
  Start()->Round();
  EXPECT_TRUE(ca.shown) << "what is not who it is, is the CA's affair";
}

TEST_F(CertificateKeeperTest, ShowsNoCertificateWithoutItsOwnSocket) {
  own_socket = "";
  const auto keeper = Start();
  keeper->Round();
  PassRenewalTime();
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_FALSE(ca.shown);
}

}  // namespace
}  // namespace rootkeep::agent
