// nginx and curl, unmodified, with keys of an agent on both sides of mutual TLS. Whatever the agent does meanwhile,
// neither is restarted, and each ends with status 0.
#include <csignal>
#include <fstream>
#include <iterator>

#include "tests/e2e/provider_nginx.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using ::testing::HasSubstr;
using testing::Listed;
using ::testing::Not;
using testing::ProgramResult;
using testing::RunProgram;

std::vector<pid_t> ChildrenOf(pid_t pid) {
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", pid));
  return {std::istream_iterator<pid_t>(children), {}};
}

class ProviderWeb : public ProviderApps {
 protected:
  static bool Serves(Nginx& nginx) {
    return Eventually([&] { return Ask(nginx.Where(), "1.3", kFile).empty() || nginx.process().WaitEnded({}); }) &&
           !nginx.process().WaitEnded({});
  }
};

TEST_F(ProviderWeb, Nginx) {
  for (const std::string key : {"p256", "rsa"}) {
    Nginx nginx(*host_, "nginx-" + key, key, Environment());
    ASSERT_TRUE(Serves(nginx)) << nginx.Log();
    ExpectItServes(key, [&](const std::string& version, const std::string& client) {
      return Ask(nginx.Where(), version, client);
    });
    const auto workers = ChildrenOf(nginx.process().pid());
    ASSERT_FALSE(workers.empty());
    kill(nginx.process().pid(), SIGHUP);
    EXPECT_TRUE(Eventually([&] {
      const auto now = ChildrenOf(nginx.process().pid());
      return !now.empty() && std::ranges::find_first_of(now, workers) == now.end();
    })) << "its workers are new ones: "
        << nginx.Log();
    EXPECT_EQ(Ask(nginx.Where(), "1.3", key), "");
    EXPECT_THAT(nginx.Log(), Not(HasSubstr("[emerg]")));
    EXPECT_EQ(nginx.Quit(kPatience), 0) << nginx.Log();
    EXPECT_THAT(nginx.Log(), Not(HasSubstr("exited on signal"))) << "no worker crashed";
  }
}

// One process that has a connection before and one after.
TEST_F(ProviderWeb, CurlGoesOnAfterARestart) {
  Nginx nginx(*host_, "nginx-file", kFile, Environment(), "ssl_protocols TLSv1.2 TLSv1.3; keepalive_timeout 0;");
  ASSERT_TRUE(Serves(nginx)) << nginx.Log();
  for (const std::string key : {"p256", "rsa"}) {
    for (const std::string version : {"1.2", "1.3"}) {
      const std::string first = host_->Path(fmt::format("first-{}{}", key, version));
      const std::string second = host_->Path(fmt::format("second-{}{}", key, version));
      ASSERT_EQ(mkfifo(first.c_str(), 0600), 0);
      std::vector<std::string> where = nginx.Where();
      where.insert(where.end(), {"--output", first, where.back(), "--output", second});
      const auto requests = nginx.Requests().size();
      auto curl = cli::Child::Start(Curl(where, version, key), host_->Path("curl.out"));
      ASSERT_THAT(curl, testing::IsOk());
      EXPECT_TRUE(Eventually([&] { return nginx.Requests().size() > requests || curl->WaitEnded({}); }));
      EXPECT_FALSE(curl->WaitEnded({})) << "it has to wait for who reads what it got first";
      host_->KillAgent();
      host_->StartAgent();
      EXPECT_THAT(ReadFile(first, 1 << 16).value_or(""), HasSubstr("served TLSv" + version));
      EXPECT_TRUE(curl->WaitEnded(kPatience));
      EXPECT_EQ(curl->Stop({}), 0) << Log("curl.out");
      EXPECT_THAT(ReadFile(second, 1 << 16).value_or(""), HasSubstr("served TLSv" + version));
    }
  }
  EXPECT_EQ(nginx.Quit(kPatience), 0) << nginx.Log();
  EXPECT_THAT(nginx.Log(), Not(HasSubstr("exited on signal"))) << "no worker crashed";
}

TEST_F(ProviderWeb, HoweverTheProviderIsListed) {
  for (const Listed listed : {Listed::kLast, Listed::kFirst, Listed::kLastPreferred, Listed::kFirstPreferred}) {
    for (const std::string key : {"p256", "rsa"}) {
      SCOPED_TRACE(key + " listed " + std::to_string(static_cast<int>(listed)));
      Nginx nginx(*host_, "nginx-" + key + std::to_string(static_cast<int>(listed)), key, Environment(listed));
      ASSERT_TRUE(Serves(nginx)) << nginx.Log();
      for (const char* version : {"1.2", "1.3"}) EXPECT_EQ(Ask(nginx.Where(), version, key, listed), "");
      EXPECT_EQ(nginx.Quit(kPatience), 0) << nginx.Log();
      EXPECT_THAT(nginx.Log(), Not(HasSubstr("exited on signal"))) << "no worker crashed";
    }
  }
}

// Without OpenSSL's own algorithms there is no TLS: an error, and no crash.
TEST_F(ProviderWeb, AloneNobodyHasTls) {
  Nginx nginx(*host_, "nginx-alone", "p256", Environment(Listed::kAlone));
  EXPECT_TRUE(nginx.process().WaitEnded(kPatience));
  EXPECT_EQ(nginx.process().Stop({}), 1) << nginx.Log();
  const ProgramResult curl = RunProgram(Curl({"https://localhost:1/"}, "1.3", "p256", Listed::kAlone));
  EXPECT_GT(curl.exit_code, 0);
  EXPECT_LT(curl.exit_code, 100) << curl.err;
}

}  // namespace
}  // namespace rootkeep
