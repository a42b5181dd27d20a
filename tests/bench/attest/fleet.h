// Many nodes, each with a TPM simulator, that attest themselves to a daemon at once.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/bench/attest/daemon_process.h"
#include "tests/support/attest_node.h"

namespace rootkeep::bench {

class Fleet {
 public:
  // Manufactures the TPMs and makes their nodes' keys. What should succeed and does not aborts the program.
  explicit Fleet(std::size_t size);

  // For a daemon that knows the manufacturer, has every node in its inventory and wants PCR 0 as a boot leaves it.
  [[nodiscard]] config::Attestation Attestation() const;

  // Each node attests itself `times` times, one after the other, all nodes at once; each time on a connection of its
  // own and with a certificate request of its own. An error unless every one is attested and gets a certificate.
  // {"rate", "p50_ms", "p99_ms", "cpu_us", "share"}: attestations a second, what one takes for the node, processor time
  // of the daemon for one, and that as a part of all processor time that the machine spent meanwhile, which is the
  // simulators' and the nodes' too.
  [[nodiscard]] Result<nlohmann::json> AttestAll(const DaemonProcess& daemon, int times) const;

 private:
  struct Member {
    Member(const testing::TpmManufacturer& manufacturer, const std::string& name)
        : id(name), tpm(manufacturer, name), node(tpm) {}
    std::string id;
    testing::SwTpm tpm;
    testing::AttestNode node;
  };

  const testing::TempDir directory_;
  const testing::TpmManufacturer manufacturer_;
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace rootkeep::bench
