// The plugin over a daemon that a test scripts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/eventually.h"
#include "tests/support/fake_certificate_authority.h"
#include "tests/support/upstream_plugin.h"

namespace rootkeep::testing {

class UpstreamHost : public ::testing::Test {
 private:
  const TempDir directory_;
  UpstreamPlugin plugin_{ROOTKEEP_SPIRE_UPSTREAMAUTHORITY};

 protected:
  [[nodiscard]] std::string Settings(const std::string& more = "") const {
    return "socket = \"" + socket_ + "\"\n" + more;
  }
  void Configure() {
    const grpc::Status status = host.Configure(Settings());
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  UpstreamPlugin::Mint OpenMint(const std::string& csr = "csr", std::int32_t ttl = 0) {
    return plugin_.OpenMint(csr, ttl);
  }
  UpstreamPlugin::Publish OpenPublish(const std::string& id, const std::string& key) {
    return plugin_.OpenPublish(id, key);
  }
  UpstreamPlugin::LocalBundle OpenLocalBundle() { return plugin_.OpenLocalBundle(); }

  const std::string socket_ = directory_ / "ca.sock";
  FakeCertificateAuthority ca{socket_};
  SpireHost& host = plugin_.host;
};

}  // namespace rootkeep::testing
