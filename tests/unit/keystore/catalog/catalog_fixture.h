// A catalogue and a SoftHSM token that a test makes and ends keys in, also in processes that die while they do.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "keystore/catalog/catalog.h"
#include "keystore/catalog/sweep.h"
#include "tests/support/manual_clock.h"
#include "tests/support/matchers.h"
#include "tests/support/softhsm.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {

// How a fault ends the process.
inline constexpr int kDied = 77;

inline Deadline Soon() { return After(std::chrono::seconds(60)); }

class CatalogFixture : public ::testing::Test {
 protected:
  static constexpr char kLabel[] = "rk/app/web/1";

  [[nodiscard]] std::shared_ptr<Catalog> OpenCatalog() const { return Catalog::Open(path_).value(); }
  [[nodiscard]] std::optional<CatalogEntry> FindRow() const { return OpenCatalog()->Find(kLabel).value(); }
  std::size_t KeysInToken() { return hsm_.OpenStore()->List(Soon()).value().size(); }
  // What a sweep says of the one key there is.
  Finding Found() {
    const auto found = Sweep(*OpenCatalog(), *hsm_.OpenStore(), token_, clock_.Now(), Soon()).value();
    EXPECT_EQ(found.size(), 1U);
    return found.at(0).finding;
  }

  // Runs `work` in a process that a fault ends. The module is not loaded here meanwhile.
  template <typename Work>
  void Die(Work work) {
    hsm_.UnloadModule();
    const pid_t pid = fork();
    if (pid == 0) {
      work();
      _exit(0);
    }
    int status = 0;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == kDied) << status;
  }

  TempDir dir_;
  SoftHsm hsm_;
  const std::string path_ = dir_ / "keys.db";
  const TokenName token_{.label = SoftHsm::kLabel, .serial = ""};
  ManualClock clock_{1'800'000'000};
};

}  // namespace rootkeep::testing
