// What the agent writes for a certificate, and who is told to read it again.
#include <sys/stat.h>
#include <unistd.h>

#include "providers/openssl/reference.h"
#include "signer/der/pem.h"
#include "tests/unit/tools/rootkeep-agent/certificate_keeper_fixture.h"

namespace rootkeep::agent {
namespace {

TEST_F(CertificateKeeperTest, MakesTheKeyAndWritesWhatAProgramNeeds) {
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(keeper->not_after(), FromUnixSeconds(kStart + 3600));
  EXPECT_EQ(ca.names, "spiffe://cluster.local/ns/demo/sa/web, web.test, 192.0.2.1");
  EXPECT_EQ(Read(config.bundle_file), ca.root.CertificatePem());
  EXPECT_EQ(reloads, 1);
  ASSERT_OK_AND_ASSIGN(const auto row, Catalogue()->Find("rk/app/web/1"));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->state, KeyState::kActive);
  EXPECT_EQ(row->key->public_key, Certified());
  // As rootkeep.so reads it.
  ASSERT_OK_AND_ASSIGN(const Bytes der, der::FirstPemBlock(Read(config.key_file)));
  EXPECT_TRUE(Read(config.key_file).starts_with(std::string("-----BEGIN ") + provider::kReferenceLabel));
  provider::KeyReference reference;
  ASSERT_TRUE(provider::ParseReference(der, reference));
  EXPECT_EQ(reference.socket, config.socket_path);
  EXPECT_EQ(reference.uri.substr(0, 10), "keysocket:");
  ASSERT_TRUE(reference.fingerprint);
  EXPECT_EQ(ToBytes(*reference.fingerprint), Certified().fingerprint());
  for (const std::string& path : {config.chain_file, config.bundle_file, config.key_file}) {
    struct stat info{};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0640U) << path;
  }
}

TEST_F(CertificateKeeperTest, FilesThatDoNotFitAreMadeAnew) {
  Start()->Round();
  ASSERT_EQ(unlink(config.bundle_file.c_str()), 0);
  Start()->Round();
  EXPECT_EQ(ca.asked, 2);
  ASSERT_THAT(WriteFileAtomically(config.chain_file, ca.root.CertificatePem(), 0600), IsOk());
  Start()->Round();
  EXPECT_EQ(ca.asked, 3);
  EXPECT_EQ(reloads, 3);
}

TEST_F(CertificateKeeperTest, AKeyReferenceIsWrittenAgainWithoutAskingAnybody) {
  Start()->Round();
  const std::string reference = Read(config.key_file);
  ASSERT_THAT(WriteFileAtomically(config.key_file, "something else\n", 0600), IsOk());
  Start()->Round();
  EXPECT_EQ(Read(config.key_file), reference);
  EXPECT_EQ(reloads, 2) << "who reads it may have failed";
  ASSERT_EQ(unlink(config.key_file.c_str()), 0);
  Start()->Round();
  EXPECT_EQ(Read(config.key_file), reference);
  config.socket_path = "/run/elsewhere/keys";
  Start()->Round();
  EXPECT_NE(Read(config.key_file), reference);
  EXPECT_EQ(ca.asked, 1);
  EXPECT_EQ(reloads, 4);
}

TEST_F(CertificateKeeperTest, NoDiskThatIsFullTearsTheFilesApart) {
  const auto keeper = Start();
  keeper->Round();
  const std::string chain = Read(config.chain_file);
  const std::string key = Read(config.key_file);
  ASSERT_THAT(Catalogue()->Retire("rk/app/web/1", clock.Now()), IsOk());
  // Stands where the new chain is to be written.
  ASSERT_EQ(mkdir((config.chain_file + ".rootkeep-new").c_str(), 0700), 0);
  keeper->Round();
  EXPECT_EQ(ca.asked, 2);
  EXPECT_EQ(Read(config.chain_file), chain);
  EXPECT_EQ(Read(config.key_file), key) << "of the key that the certificate is for";
  EXPECT_NE(access((config.key_file + ".rootkeep-new").c_str(), F_OK), 0) << "nothing is left over";
  ASSERT_EQ(rmdir((config.chain_file + ".rootkeep-new").c_str()), 0);
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_NE(Read(config.chain_file), chain);
  EXPECT_NE(Read(config.key_file), key);
}

TEST_F(CertificateKeeperTest, AReloadThatFailsIsTriedAgainAndRemembered) {
  reload_result = FailedPrecondition("it ended with status 1");
  const auto keeper = Start();
  keeper->Round();
  EXPECT_EQ(reloads, 1);
  keeper->Round();
  EXPECT_EQ(reloads, 1) << "not again at once";
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_EQ(reloads, 2);
  reload_result = Ok();
  Start()->Round();
  EXPECT_EQ(reloads, 3) << "also by the next agent";
  Start()->Round();
  EXPECT_EQ(reloads, 3);
  EXPECT_EQ(ca.asked, 1);
}

// As where there is no token: the agent made the key, and runs.
TEST_F(CertificateKeeperTest, TakesUpWhatAnOperatorPutsThere) {
  Start()->Round();
  const std::string chain = Read(config.chain_file);
  for (const std::string& path : {config.chain_file, config.key_file}) ASSERT_EQ(unlink(path.c_str()), 0);
  ca.down = FailedPrecondition("no certificate that can be shown, and no token_file");
  const auto keeper = Start();
  keeper->Round();
  EXPECT_FALSE(keeper->not_after());
  ASSERT_THAT(WriteFileAtomically(config.chain_file, chain, 0600), IsOk());
  clock.Advance(seconds(2));
  keeper->Round();
  EXPECT_TRUE(keeper->not_after());
  EXPECT_THAT(Read(config.key_file), ::testing::HasSubstr("ROOTKEEP KEY REFERENCE"));
  EXPECT_EQ(ca.asked, 2);
}

}  // namespace
}  // namespace rootkeep::agent
