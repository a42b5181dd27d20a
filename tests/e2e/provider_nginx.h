// Debian's nginx on a socket of a test's directory, as a server of mutual TLS.
#pragma once

#include <csignal>
#include <optional>

#include "tests/e2e/provider_apps.h"

namespace rootkeep {

class Nginx {
 public:
  // `more` is directives for its server.
  Nginx(const testing::ProviderHost& host, const std::string& name, const std::string& key,
        const std::string& environment, const std::string& more = "ssl_protocols TLSv1.2 TLSv1.3;")
      : host_(host), name_(name), socket_(host.Path(name + "-https")) {
    host.WriteFile(name + ".conf",
                   "daemon off;\nuser root;\nworker_processes 2;\npid " + host.Path(name + ".pid") + ";\nerror_log " +
                       host.Path(name + ".log") + " notice;\nevents { worker_connections 64; }\nhttp {\n" +
                       "  access_log " + host.Path(name + "-access.log") + ";\n" + Temporary("client_body") +
                       Temporary("proxy") + Temporary("fastcgi") + Temporary("uwsgi") + Temporary("scgi") +
                       "  server {\n    listen unix:" + socket_ + " ssl http2;\n    " + more +
                       "\n    ssl_session_cache off;\n    "
                       "ssl_session_tickets off;\n    ssl_certificate " +
                       host.Path(key + ".crt") + ";\n    ssl_certificate_key " + host.Path(key + ".pem") +
                       ";\n    ssl_client_certificate " + host.Path("trusted.crt") +
                       ";\n    ssl_verify_client on;\n    location / { return 200 \"served $ssl_protocol\\n\"; }\n  "
                       "}\n}\n");
    auto started = cli::Child::Start({"/usr/bin/env", environment, "PATH=/usr/sbin:/usr/bin", "nginx", "-c",
                                      host.Path(name + ".conf"), "-e", host.Path(name + ".log")},
                                     host.Path(name + ".out"));
    if (started.ok()) process_.emplace(*std::move(started));
  }

  // Lets it finish what it does; its exit code.
  int Quit(std::chrono::seconds patience) {
    kill(process_->pid(), SIGQUIT);
    return process_->WaitEnded(patience) ? process_->Stop({}) : -1;
  }
  cli::Child& process() { return *process_; }
  [[nodiscard]] std::vector<std::string> Where() const { return {"--unix-socket", socket_, "https://localhost/"}; }
  [[nodiscard]] const std::string& socket() const { return socket_; }
  [[nodiscard]] std::string Log() const {
    return ReadFile(host_.Path(name_ + ".log"), 1 << 20).value_or("") +
           ReadFile(host_.Path(name_ + ".out"), 1 << 20).value_or("");
  }
  [[nodiscard]] std::string Requests() const {
    return ReadFile(host_.Path(name_ + "-access.log"), 1 << 20).value_or("");
  }

 private:
  [[nodiscard]] std::string Temporary(const std::string& what) const {
    return "  " + what + "_temp_path " + host_.Path(name_ + "-" + what) + ";\n";
  }

  const testing::ProviderHost& host_;
  const std::string name_;
  const std::string socket_;
  std::optional<cli::Child> process_;
};

}  // namespace rootkeep
