// The demo from start to end, and what it leaves behind.
#include <filesystem>

#include "tests/support/matchers.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(DemoTest, ShowsTheMainJobAndLeavesNothing) {
  const TempDir dir;
  const ProgramResult demo =
      RunProgram({"/usr/bin/env", "-u", "XDG_RUNTIME_DIR", "TMPDIR=" + dir.path(), "HOME=" + dir.path(), DEMO_BINARY});
  ASSERT_EQ(demo.exit_code, 0) << demo.out << demo.err;
  for (const char* text :
       {"root key rk/rootkeep-ca/sandbox-root/1", "issuing key rk/rootkeep-ca/sandbox/1",
        "rootkeepd serves on 127.0.0.1:", "spiffe://cluster.local/ns/demo/sa/web",
        "claimed by token (software, for tests)", "openssl verify -x509_strict: OK",
        "UNAUTHENTICATED CreateCertificate: request authenticate failure", "token_signature",
        "request impersonation authentication failure", "impersonation_caller", "INVALID_ARGUMENT", "csr_pem",
        "the token is taken away", "UNAVAILABLE", "next good certificate", "rootkeepd stopped with exit code 0"}) {
    EXPECT_THAT(demo.out, HasSubstr(text));
  }
  EXPECT_THAT(demo.out, Not(HasSubstr("proved")));
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(DemoTest, TakesNoOptions) {
  const ProgramResult help = RunProgram({DEMO_BINARY, "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_THAT(help.out, HasSubstr("usage: rootkeep-demo"));
  const ProgramResult bogus = RunProgram({DEMO_BINARY, "--bogus"});
  EXPECT_EQ(bogus.exit_code, 2);
  EXPECT_EQ(bogus.out, "");
}

}  // namespace
}  // namespace rootkeep::testing
