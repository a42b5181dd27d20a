// What a module may not do in the token host, tried by one that does.
#include <nlohmann/json.hpp>

#include "tests/support/isolated.h"
#include "tests/support/matchers.h"

namespace rootkeep::isolated {
namespace {

using nlohmann::json;
using testing::IsOk;

class Confinement : public ::testing::Test {
 protected:
  // What became of each attempt: the name of an errno, or "ok". The module tries when it is initialised.
  json Tried(bool network) const {
    HostOptions options = testing::HostOptionsFor(hsm_);
    options.setup.environment.emplace_back("ROOTKEEP_ESCAPE_MODULE", options.setup.module_path);
    options.setup.environment.emplace_back("ROOTKEEP_ESCAPE_REPORT", directory_ / "report");
    options.setup.module_path = ROOTKEEP_ESCAPE_MODULE_FILE;
    options.setup.network = network;
    IsolatedStore store(options);
    EXPECT_THAT(store.Start(After(std::chrono::seconds(30))), IsOk());
    // It works all the same.
    EXPECT_THAT(store.Create({.name = "key"}, After(std::chrono::seconds(30))), IsOk());
    return json::parse(ReadFile(directory_ / "report", 65536).value(), nullptr, false);
  }

  const testing::SoftHsm hsm_;
  const testing::TempDir directory_;
};

TEST_F(Confinement, NothingBeyondItsFiles) {
  const json tried = Tried(false);
  for (const char* what : {"execve",          "fork",        "vfork",          "ptrace_parent",  "kill_parent",
                           "sigqueue_parent", "tkill",       "prlimit_parent", "setown",         "setown_high",
                           "tiocsti",         "socket_inet", "socket_inet6",   "socket_netlink", "socket_packet",
                           "io_uring",        "unshare",     "mount",          "keyctl",         "bpf"}) {
    EXPECT_EQ(tried[what], "EPERM") << what;
  }
  EXPECT_EQ(tried["socket_unix"], "ok");
  EXPECT_EQ(tried["thread"], "ok");
  EXPECT_EQ(tried["capabilities"], "none");
  EXPECT_EQ(tried["no_new_privs"], "1");
  EXPECT_EQ(tried["dumpable"], "0");
  EXPECT_EQ(tried["core_limit"], "0");
  EXPECT_EQ(tried["file_limit"], std::to_string(256 * 1024 * 1024));
  EXPECT_EQ(tried["raise"], "ok");
}

TEST_F(Confinement, TheNetworkIfItIsAsked) {
  const json tried = Tried(true);
  EXPECT_EQ(tried["socket_inet"], "ok");
  EXPECT_EQ(tried["execve"], "EPERM");
  EXPECT_EQ(tried["fork"], "EPERM");
}

}  // namespace
}  // namespace rootkeep::isolated
