// ESAPI with somebody in between, who does something each time that a given command passes, and hears the answer.
#pragma once

#include <tss2/tss2_esys.h>

#include <functional>

#include "keystore/base/bytes.h"
#include "tests/support/swtpm.h"

namespace rootkeep::testing {

// Failures to open it abort the test program. One thread.
class InterposedEsys {
 public:
  // `before` is called before a command `code` is sent, over a connection that is not this one.
  InterposedEsys(const SwTpm& tpm, TPM2_CC code, std::function<void()> before);
  InterposedEsys(const InterposedEsys&) = delete;
  InterposedEsys& operator=(const InterposedEsys&) = delete;
  ~InterposedEsys();

  [[nodiscard]] ESYS_CONTEXT* get() const { return context_; }
  // To the last such command; empty before one.
  [[nodiscard]] const Bytes& answer() const { return answer_; }

 private:
  struct Face {
    TSS2_TCTI_CONTEXT_COMMON_V2 common;
    InterposedEsys* self;
  };

  static TSS2_RC Transmit(TSS2_TCTI_CONTEXT* face, std::size_t size, const std::uint8_t* command);
  static TSS2_RC Receive(TSS2_TCTI_CONTEXT* face, std::size_t* size, std::uint8_t* response, std::int32_t timeout);

  const TPM2_CC code_;
  const std::function<void()> before_;
  Face face_{};
  TSS2_TCTI_CONTEXT* inner_ = nullptr;
  bool asked_ = false;  // the command that is under way is such a one
  Bytes answer_;
  ESYS_CONTEXT* context_ = nullptr;
};

}  // namespace rootkeep::testing
