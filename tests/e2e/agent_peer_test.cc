// Who is on the other end of a key socket, and from where: another user, and a process in a chroot.
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "keystore/keysocket/values/uri.h"
#include "tests/e2e/agent_process.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;

constexpr uid_t kNobody = 65534;

// What a child of this process exits with.
enum Outcome : int { kSigned = 0, kRefused = 10, kNotPrepared = 20, kBadSignature = 30 };

class AgentPeer : public AgentProcess {
 protected:
  // The socket is open to all, and its keys are for one user.
  [[nodiscard]] std::string ConfigFor(uid_t user) const {
    std::string config = Config();
    const std::string grants = "    grants:\n      - keys:\n";
    const auto at = config.find(grants);
    EXPECT_NE(at, std::string::npos);
    return config.replace(
        at, grants.size(),
        "    mode: \"0666\"\n    grants:\n      - users: [\"" + std::to_string(user) + "\"]\n        keys:\n");
  }

  int SignAt(const std::string& path) const {
    const auto key = keysocket::OpenStore(path)->Open(keysocket::BehindSocket(web->uri), After(kPatience));
    if (!key.ok()) return kRefused;
    return SignAndVerify(**key).ok() ? kSigned : kBadSignature;
  }

  // In a child that `prepare` made another one first.
  template <typename Prepare>
  int SignInChild(const std::string& path, Prepare prepare) const {
    const pid_t child = fork();
    if (child == 0) _exit(prepare() ? SignAt(path) : kNotPrepared);
    int status = -1;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    return WEXITSTATUS(status);
  }
};

TEST_F(AgentPeer, IsKnownByItsUser) {
  ASSERT_EQ(chmod(hsm.directory().c_str(), 0711), 0);
  const bool root = geteuid() == 0;
  Write(ConfigFor(root ? kNobody : geteuid()));
  ASSERT_NO_FATAL_FAILURE(Start());
  if (root) {
    EXPECT_EQ(SignInChild(Socket("web"),
                          [] { return setgroups(0, nullptr) == 0 && setgid(kNobody) == 0 && setuid(kNobody) == 0; }),
              kSigned);
    EXPECT_EQ(SignAt(Socket("web")), kRefused) << "root is another user too";
  } else {
    // Only root can be somebody else, but this user is one, and another is not.
    EXPECT_EQ(SignAt(Socket("web")), kSigned);
    EXPECT_EQ(agent->Stop(kPatience), 0);
    Write(ConfigFor(kNobody));
    ASSERT_NO_FATAL_FAILURE(Start());
    EXPECT_EQ(SignAt(Socket("web")), kRefused);
  }
  EXPECT_THAT(Log(), HasSubstr("keysocket.denied"));
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

// As haproxy of Debian's runs: the directory of the socket is the only one there is.
TEST_F(AgentPeer, MayBeInAChroot) {
  Write(Config());
  ASSERT_NO_FATAL_FAILURE(Start());
  const std::string jail = hsm.directory() + "/run-web";
  const int outcome = SignInChild("/keys", [&jail] {
    // Who is not root may do that in a user namespace of his own; there the agent still sees his user.
    const bool may = geteuid() == 0 || unshare(CLONE_NEWUSER) == 0;
    return may && chroot(jail.c_str()) == 0 && chdir("/") == 0 && access("/etc", F_OK) != 0;
  });
  EXPECT_NE(outcome, kNotPrepared) << "this test needs root, or user namespaces";
  EXPECT_EQ(outcome, kSigned);
  EXPECT_EQ(agent->Stop(kPatience), 0);
}

}  // namespace
}  // namespace rootkeep::testing
