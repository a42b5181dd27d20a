// rootkeepd in a process of its own, so that its processor time can be told from that of the nodes.
#pragma once

#include <sys/types.h>

#include <string>

#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "tools/config/attestation.h"

namespace rootkeep::bench {

class DaemonProcess {
 public:
  // Forks, so before this program has threads or a channel; returns when the daemon issues certificates, with its keys
  // in a SoftHSM token. Errors of that end the child with a message.
  static Result<DaemonProcess> Start(const config::Attestation& attestation);

  DaemonProcess(DaemonProcess&& other) noexcept;
  DaemonProcess& operator=(DaemonProcess&&) = delete;
  ~DaemonProcess();  // stops it in order

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& address() const { return address_; }
  [[nodiscard]] const std::string& root_pem() const { return root_pem_; }

 private:
  DaemonProcess(pid_t pid, Fd stop) : pid_(pid), stop_(std::move(stop)) {}

  pid_t pid_;
  Fd stop_;  // the daemon serves until this is closed
  std::string address_;
  std::string root_pem_;
};

}  // namespace rootkeep::bench
