// haproxy in a chroot, stunnel and Apache httpd, unmodified, with keys of an agent.
#include <arpa/inet.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <optional>

#include "tests/e2e/provider_apps.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::ProgramResult;
using testing::RunProgram;

class ProviderServers : public ProviderApps {
 protected:
  static std::optional<cli::Child> Start(const std::vector<std::string>& program, const std::string& log) {
    std::vector<std::string> argv{"/usr/bin/env", Environment(), "PATH=/usr/sbin:/usr/bin"};
    argv.insert(argv.end(), program.begin(), program.end());
    auto started = cli::Child::Start(argv, host_->Path(log));
    return started.ok() ? std::optional(*std::move(started)) : std::nullopt;
  }

  // What it bears, from when it first answers; then `signal` ends it. Its exit code.
  static int Exercise(cli::Child& process, const std::string& key, const std::vector<std::string>& where, int signal,
                      const std::string& log) {
    std::string last;
    EXPECT_TRUE(Eventually([&] { return (last = Ask(where, "1.3", kFile)).empty() || process.WaitEnded({}); }));
    EXPECT_EQ(last, "") << Log(log);
    if (last.empty()) {
      ExpectItServes(
          key, [&](const std::string& version, const std::string& client) { return Ask(where, version, client); });
    }
    kill(process.pid(), signal);
    EXPECT_TRUE(process.WaitEnded(kPatience));
    return process.Stop({});
  }
  // Certificate and key in one file.
  static std::string Both(const std::string& key) {
    return host_->WriteFile(key + "-both.pem", Log(key + ".crt") + Log(key + ".pem"));
  }
};

// It reads keys before it is in the chroot, and signs in it, as another user: the socket has one path for both.
TEST_F(ProviderServers, HaproxyInAChroot) {
  const std::string jail = host_->Path("run-web");  // where the agent's socket is, and nothing of the application's
  std::filesystem::create_directories(jail + host_->directory());
  std::filesystem::create_symlink("/", jail + jail);
  for (const std::string key : {"p256", "rsa"}) {
    const std::string socket = host_->Path("haproxy-" + key);
    const std::string config = host_->WriteFile(
        "haproxy.cfg",
        fmt::format("global\n  chroot {0}\n{1}defaults\n  mode http\n  timeout connect 20s\n  timeout "
                    "client 20s\n  timeout server 20s\nfrontend web\n  bind unix@{2} ssl crt {3} "
                    "ca-file {4} verify required ssl-min-ver TLSv1.2\n  http-request return status 200 "
                    "content-type text/plain lf-string \"served %[ssl_fc_protocol]\\n\"\n",
                    jail, geteuid() == 0 ? "  user nobody\n  group nogroup\n" : "", socket, Both(key), Trusted()));
    std::vector<std::string> program{"haproxy", "-W", "-f", config};
    if (geteuid() != 0) program.insert(program.begin(), {"unshare", "--map-root-user"});
    auto haproxy = Start(program, "haproxy.out");
    ASSERT_TRUE(haproxy);
    EXPECT_EQ(Exercise(*haproxy, key, {"--unix-socket", socket, "https://localhost/"}, SIGUSR1, "haproxy.out"), 0)
        << Log("haproxy.out");
    EXPECT_THAT(Log("haproxy.out"), ::testing::Not(::testing::ContainsRegex("code 1[0-9][0-9]|Segmentation")));
  }
}

// Both its sides: what comes to `plain` goes to `secure` by TLS.
TEST_F(ProviderServers, Stunnel) {
  const std::string answer = host_->WriteFile("answer.sh",
                                              "while read -r line && [ ${#line} -gt 1 ]; do :; done\nprintf 'HTTP/1.0 "
                                              "200 OK\\r\\nConnection: close\\r\\n\\r\\nserved\\n'\n");
  for (const std::string key : {"p256", "rsa"}) {
    const std::string secure = host_->Path("stunnel-secure-" + key);
    const std::string plain = host_->Path("stunnel-plain-" + key);
    const std::string config = host_->WriteFile(
        "stunnel.conf",
        fmt::format("foreground = yes\nsyslog = no\npid =\ncert = {0}\nkey = {1}\nCAfile = {2}\nverifyChain = yes\n"
                    "sessionResume = no\nsslVersionMin = TLSv1.2\n[secure]\naccept = {3}\nexec = /bin/sh\nexecArgs = "
                    "sh {4}\n[plain]\nclient = yes\naccept = {5}\nconnect = {3}\ncheckHost = localhost\n",
                    Cert(key), Key(key), Trusted(), secure, answer, plain));
    auto stunnel = Start({"stunnel4", config}, "stunnel.out");
    ASSERT_TRUE(stunnel);
    const auto relayed = [&] {
      const ProgramResult result =
          RunProgram({"curl", "--silent", "--max-time", "20", "--unix-socket", plain, "http://localhost/"});
      return result.exit_code == 0 && result.out == "served\n";
    };
    EXPECT_TRUE(Eventually([&] { return relayed() || stunnel->WaitEnded({}); })) << Log("stunnel.out");
    host_->KillAgent();
    host_->StartAgent();
    EXPECT_TRUE(relayed()) << Log("stunnel.out");
    EXPECT_EQ(Exercise(*stunnel, key, {"--unix-socket", secure, "https://localhost/"}, SIGTERM, "stunnel.out"), 0)
        << Log("stunnel.out");
  }
}

// One that nothing listens on now.
int FreePort() {
  const Fd listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t size = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener.get(), any, size) != 0 || getsockname(listener.get(), any, &size) != 0) return 0;
  return ntohs(address.sin_port);
}

TEST_F(ProviderServers, ApacheWithPrefork) {
  // Its children are another user, who has to come as far as the socket; nothing else here is open to others.
  ASSERT_EQ(chmod(host_->directory().c_str(), 0711), 0);
  for (const std::string key : {"p256", "rsa"}) {
    const std::string port = std::to_string(FreePort());
    std::string modules;
    for (const char* name : {"mpm_prefork", "authz_core", "ssl"}) {
      modules += fmt::format("LoadModule {0}_module /usr/lib/apache2/modules/mod_{0}.so\n", name);
    }
    const std::string config = host_->WriteFile(
        "apache.conf",
        fmt::format(
            "{0}ServerRoot {1}\nDefaultRuntimeDir {1}\nPidFile {1}/apache.pid\nErrorLog {1}/apache.log\n"
            "DocumentRoot {1}/run-web\nServerName localhost\nUser www-data\nGroup www-data\nStartServers 2\n"
            "Listen 127.0.0.1:{2}\nErrorDocument 403 \"served %{{SSL_PROTOCOL}}\"\nErrorDocument 404 \"served "
            "%{{SSL_PROTOCOL}}\"\nSSLEngine on\nSSLCertificateFile {3}\nSSLCertificateKeyFile {4}\n"
            "SSLCACertificateFile {5}\nSSLVerifyClient require\nSSLVerifyDepth 2\nSSLProtocol -all +TLSv1.2 +TLSv1.3\n"
            "SSLSessionCache none\nSSLSessionTickets off\n",
            modules, host_->directory(), port, Cert(key), Key(key), Trusted()));
    auto apache = Start({"apache2", "-DFOREGROUND", "-f", config}, "apache.out");
    ASSERT_TRUE(apache);
    EXPECT_EQ(Exercise(*apache, key, {"--resolve", "localhost:" + port + ":127.0.0.1", "https://localhost:" + port},
                       SIGTERM, "apache.log"),
              0)
        << Log("apache.out") << Log("apache.log");
    EXPECT_THAT(Log("apache.log"), ::testing::Not(::testing::HasSubstr("exit signal"))) << "no child crashed";
  }
  ASSERT_EQ(chmod(host_->directory().c_str(), 0700), 0);
}

}  // namespace
}  // namespace rootkeep
