// Applications of Debian's, unmodified, with keys of an agent on both sides of mutual TLS: nginx and curl, and gRPC
// C++. Whatever the agent does meanwhile, none of them is restarted, and each ends with status 0.
#include <csignal>

#include "tests/e2e/provider_fixture.h"
#include "tests/support/eventually.h"
#include "tests/support/program.h"

namespace rootkeep {
namespace {

using testing::Eventually;
using testing::ProgramResult;
using testing::RunProgram;

constexpr std::chrono::seconds kPatience{30};

class ProviderApps : public ProviderSuite {
 protected:
  static std::string Environment() { return "OPENSSL_CONF=" + host_->Config(); }

  // Its own certificate, for localhost.
  static std::string Certified(const std::string& key) {
    const std::string cert = host_->Path(key + ".crt");
    const ProgramResult made =
        RunProgram({"env", Environment(), "openssl", "req", "-x509", "-new", "-key", host_->Reference(key), "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "2", "-out", cert});
    EXPECT_EQ(made.exit_code, 0) << made.err;
    return cert;
  }
  static std::string Log(const std::string& name) { return ReadFile(host_->Path(name), 1 << 20).value_or(""); }
};

class Nginx {
 public:
  Nginx(const testing::ProviderHost& host, const std::string& key, const std::string& environment)
      : host_(host), socket_(host.Path(key + "-https")), key_(key) {
    host.WriteFile(
        key + "-nginx.conf",
        "daemon off;\nuser root;\nworker_processes 2;\npid " + host.Path(key + "-nginx.pid") + ";\nerror_log " +
            host.Path(key + "-nginx.log") + " notice;\nevents { worker_connections 64; }\nhttp {\n  access_log off;\n" +
            Temporary("client_body") + Temporary("proxy") + Temporary("fastcgi") + Temporary("uwsgi") +
            Temporary("scgi") + "  server {\n    listen unix:" + socket_ +
            " ssl;\n    ssl_protocols TLSv1.2 TLSv1.3;\n    ssl_session_cache off;\n    ssl_session_tickets off;\n    "
            "ssl_certificate " +
            host.Path(key + ".crt") + ";\n    ssl_certificate_key " + host.Path(key + ".pem") +
            ";\n    ssl_client_certificate " + host.Path(key + ".crt") +
            ";\n    ssl_verify_client on;\n    location / { return 200 \"served $ssl_protocol by $pid\\n\"; }\n  "
            "}\n}\n");
    auto started = cli::Child::Start({"/usr/bin/env", environment, "PATH=/usr/sbin:/usr/bin", "nginx", "-c",
                                      host.Path(key + "-nginx.conf"), "-e", host.Path(key + "-nginx.log")},
                                     host.Path(key + "-nginx.out"));
    if (started.ok()) process_.emplace(*std::move(started));
  }

  ProgramResult Get(const std::string& environment, const std::string& version) const {
    const std::string cert = host_.Path(key_ + ".crt");
    return RunProgram({"env", environment, "curl", "--silent", "--show-error", "--max-time", "20", "--unix-socket",
                       socket_, "--cacert", cert, "--cert", cert, "--key", host_.Path(key_ + ".pem"),
                       "--tlsv" + version, "--tls-max", version, "https://localhost/"});
  }
  cli::Child& process() { return *process_; }

 private:
  [[nodiscard]] std::string Temporary(const std::string& name) const {
    return "  " + name + "_temp_path " + host_.Path(name) + ";\n";
  }

  const testing::ProviderHost& host_;
  const std::string socket_;
  const std::string key_;
  std::optional<cli::Child> process_;
};

TEST_F(ProviderApps, NginxAndCurl) {
  for (const char* key : {"p256", "rsa"}) {
    Certified(key);
    Nginx nginx(*host_, key, Environment());
    const auto get = [&](const std::string& version) { return nginx.Get(Environment(), version); };
    ASSERT_TRUE(Eventually([&] { return get("1.3").exit_code == 0 || nginx.process().WaitEnded({}); }))
        << get("1.3").err << Log(std::string(key) + "-nginx.log") << Log(std::string(key) + "-nginx.out");
    for (const char* version : {"1.2", "1.3"}) {
      for (int i = 0; i < 5; ++i) {
        const ProgramResult result = get(version);
        EXPECT_EQ(result.exit_code, 0) << key << version << result.err;
        EXPECT_THAT(result.out, ::testing::StartsWith(std::string("served TLSv") + version));
      }
    }
    host_->KillAgent();
    host_->StartAgent();
    EXPECT_EQ(get("1.3").exit_code, 0) << key;
    host_->hsm().TakeAway();
    EXPECT_TRUE(Eventually([&] { return get("1.2").exit_code != 0; })) << "without the token nobody is served";
    host_->hsm().GiveBack();
    EXPECT_TRUE(Eventually([&] { return get("1.2").exit_code == 0; }));
    const std::string before = get("1.3").out;
    kill(nginx.process().pid(), SIGHUP);
    EXPECT_TRUE(Eventually([&] {
      const ProgramResult result = get("1.3");
      return result.exit_code == 0 && Log(std::string(key) + "-nginx.log").find("reconfiguring") != std::string::npos;
    })) << before;
    kill(nginx.process().pid(), SIGQUIT);
    EXPECT_TRUE(nginx.process().WaitEnded(kPatience));
    EXPECT_EQ(nginx.process().Stop({}), 0);
    const std::string log = Log(std::string(key) + "-nginx.log");
    EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr("exited on signal"))) << "no worker crashed";
  }
}

TEST_F(ProviderApps, Grpc) {
  for (const char* key : {"p256", "rsa"}) {
    const std::string cert = Certified(key);
    const std::string again = host_->Path(std::string(key) + "-again");
    const std::string log = std::string(key) + "-grpc.out";
    auto peer = cli::Child::Start(
        {"/usr/bin/env", Environment(), GRPC_PEER, cert, host_->Path(std::string(key) + ".pem"), again},
        host_->Path(log));
    ASSERT_THAT(peer, testing::IsOk());
    ASSERT_TRUE(
        Eventually([&] { return Log(log).find("connected 10\n") != std::string::npos || peer->WaitEnded({}); }));
    host_->KillAgent();
    host_->StartAgent();
    host_->WriteFile(std::string(key) + "-again", "");
    EXPECT_TRUE(peer->WaitEnded(kPatience));
    EXPECT_EQ(peer->Stop({}), 0) << Log(log);
    EXPECT_THAT(Log(log), ::testing::HasSubstr("connected 20\n"));
  }
}

}  // namespace
}  // namespace rootkeep
