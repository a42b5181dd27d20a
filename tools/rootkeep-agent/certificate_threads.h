// A thread for each certificate: none waits for another's CA.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "tools/rootkeep-agent/certificate_keeper.h"

namespace rootkeep::agent {

class CertificateThreads {
 public:
  // Calls the keeper's rounds from now on. `keeper` gets the stop token that says when to leave off.
  void Start(std::function<std::unique_ptr<CertificateKeeper>(const std::stop_token& stop)> make);

 private:
  std::vector<std::jthread> threads_;  // stopped and joined when this goes
};

}  // namespace rootkeep::agent
