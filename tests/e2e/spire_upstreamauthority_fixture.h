// SPIRE's plugin over a rootkeepd whose keys are in SoftHSM.
#pragma once

#include <string>
#include <vector>

#include "signer/der/oid.h"
#include "signer/der/reader.h"
#include "tests/e2e/daemon_process.h"
#include "tests/support/csr_builder.h"
#include "tests/support/eventually.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/software_key.h"
#include "tests/support/upstream_plugin.h"

namespace rootkeep::testing {

class SpireUpstream : public DaemonProcess {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(Prepare(SoftHsm::ModulePath()));
    ASSERT_NO_FATAL_FAILURE(Start());
    ASSERT_NO_FATAL_FAILURE(Configure(plugin));
  }

  void Configure(UpstreamPlugin& which) const {
    const grpc::Status status =
        which.host.Configure("socket = \"" + files().spire_socket() + "\"", cli::kSandboxTrustDomain);
    ASSERT_TRUE(status.ok()) << status.error_message();
  }

  void Restart() {
    ASSERT_EQ(daemon().Stop(kPatience), 0);
    ASSERT_NO_FATAL_FAILURE(Start());
  }

  // A request as spire-server makes it: its subject, and one URI.
  static std::string Request(EVP_PKEY* key, const std::vector<Bytes>& names = {AltName(6, "spiffe://cluster.local")}) {
    CsrBuilder builder(key);
    builder.subject = NameOf({{Bytes{0x55, 0x04, 0x06}, der::kPrintableString, "US"},
                              {Bytes{0x55, 0x04, 0x0a}, der::kUtf8String, "SPIFFE"}});
    builder.extensions = {Extension(der::oid::kSubjectAltName, false, AltNames(names))};
    return std::string(AsText(builder.Der()));
  }

  UpstreamPlugin plugin{ROOTKEEP_SPIRE_UPSTREAMAUTHORITY};
};

}  // namespace rootkeep::testing
