// Files that make a connection, while somebody renews them.
#include "signer/client/ca_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "keystore/base/file.h"
#include "tests/support/matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certificate.h"

namespace rootkeep::testing {
namespace {

class CaConnectionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Write("anchors", MakeCa().CertificatePem());
    Write("certificate", first_.CertificatePem());
    Write("key", first_.KeyPem());
  }
  void Write(const std::string& name, const std::string& content) const {
    ASSERT_THAT(WriteFileAtomically(directory_ / name, content, 0600), IsOk());
  }
  [[nodiscard]] CaConnectionOptions Options() const {
    return {.address = "127.0.0.1:1",
            .anchors_file = directory_ / "anchors",
            .certificate_file = directory_ / "certificate",
            .key_file = directory_ / "key"};
  }

  const TempDir directory_;
  const Identity first_ = MakeIdentity({.common_name = "first"});
  const Identity second_ = MakeIdentity({.common_name = "second"});
};

TEST_F(CaConnectionTest, StaysUntilAFileChanges) {
  ASSERT_OK_AND_ASSIGN(const auto connection, CaConnection::Make(Options()));
  ASSERT_OK_AND_ASSIGN(const auto channel, connection->Channel());
  EXPECT_EQ(connection->Channel().value(), channel);
  Write("anchors", MakeCa().CertificatePem());
  EXPECT_NE(connection->Channel().value(), channel);
}

TEST_F(CaConnectionTest, TakesUpARenewedCertificateWithItsKeyOnly) {
  ASSERT_OK_AND_ASSIGN(const auto connection, CaConnection::Make(Options()));
  ASSERT_OK_AND_ASSIGN(const auto channel, connection->Channel());
  Write("certificate", second_.CertificatePem());
  EXPECT_EQ(connection->Channel().value(), channel);
  Write("key", second_.KeyPem());
  ASSERT_OK_AND_ASSIGN(const auto renewed, connection->Channel());
  EXPECT_NE(renewed, channel);
  EXPECT_EQ(connection->Channel().value(), renewed);
}

TEST_F(CaConnectionTest, RefusesAnothersKeyAtTheStart) {
  Write("key", second_.KeyPem());
  EXPECT_THAT(CaConnection::Make(Options()), Says("is not the key of"));
  Write("key", "no key");
  EXPECT_THAT(CaConnection::Make(Options()), HasCode(Code::kFailedPrecondition));
}

}  // namespace
}  // namespace rootkeep::testing
