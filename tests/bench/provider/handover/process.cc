#include "tests/bench/provider/handover/process.h"

#include "tests/bench/provider/handover/socket.h"
#include "tests/support/eventually.h"

namespace rootkeep::bench {

std::string HandoverPath(const testing::ProviderHost& host, const std::string& key) {
  return host.Path("handover-" + key);
}

Result<cli::Child> StartHandoverSigner(testing::ProviderHost& host, const std::string& key) {
  const std::string path = HandoverPath(host, key);
  const std::string log = path + ".log";
  RK_TRY(cli::Child child,
         cli::Child::Start({ROOTKEEP_HANDOVER_SIGNER, "--module", testing::SoftHsm::ModulePath(), "--configuration",
                            host.hsm().conf_file(), "--token", testing::SoftHsm::kLabel, "--pin-source",
                            host.hsm().pin_source(), "--key", host.Info(key).label, "--socket", path},
                           log));
  const auto ended = [&child] { return child.WaitEnded(std::chrono::milliseconds(0)); };
  const bool serves = testing::Eventually([&] { return HandoverSocket::Connect(path).ok() || ended(); }) && !ended();
  if (serves) return child;
  return Internal("the handover signer does not serve: " + ReadFile(log, 1 << 16).value_or(""));
}

}  // namespace rootkeep::bench
