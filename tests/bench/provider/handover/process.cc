#include "tests/bench/provider/handover/process.h"

#include <unistd.h>

#include "tests/support/eventually.h"

namespace rootkeep::bench {

std::string BareSocket(const testing::ProviderHost& host, const std::string& key) { return host.Path("bare-" + key); }

Result<cli::Child> StartBareSigner(const testing::ProviderHost& host, const std::string& key) {
  const std::string socket = BareSocket(host, key);
  RK_TRY(cli::Child child,
         cli::Child::Start({ROOTKEEP_BARE_SIGNER, "--module", testing::SoftHsm::ModulePath(), "--configuration",
                            host.Path("softhsm2.conf"), "--token", testing::SoftHsm::kLabel, "--pin-source",
                            "file:" + host.Path("pin"), "--key", host.Info(key).label, "--socket", socket},
                           host.Path("bare-" + key + ".log")));
  const bool ready = testing::Eventually(
      [&] { return access(socket.c_str(), F_OK) == 0 || child.WaitEnded(std::chrono::milliseconds(0)); });
  if (ready && !child.WaitEnded(std::chrono::milliseconds(0))) return child;
  return Internal("the bare signer does not serve: see " + host.Path("bare-" + key + ".log"));
}

}  // namespace rootkeep::bench
