// A program that is both sides of mutual TLS, and connects when it is told to: grpc_peer.cc, python_peer.py,
// grpc_python_peer.py, node_peer.js.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>

#include "tests/e2e/provider_apps.h"

namespace rootkeep {

// PROGRAM... CERTIFICATE KEY TRUSTED COMMANDS serves with certificate and key, and reads lines from COMMANDS, a named
// pipe. For each, "VERSION CERTIFICATE KEY", it connects to itself with those, with the context of an equal line
// before, and prints one line: "done", or "failed" and why. With the pipe's end it ends, with status 0.
class Peer {
 public:
  Peer(const testing::ProviderHost& host, std::vector<std::string> program, const std::string& name)
      : pipe_(host.Path(name + "-commands")), log_(host.Path(name + ".out")) {
    mkfifo(pipe_.c_str(), 0600);
    commands_.emplace(open(pipe_.c_str(), O_RDWR | O_CLOEXEC));  // both ways: it waits for nobody
    program.push_back(pipe_);
    auto started = cli::Child::Start(program, log_);
    if (started.ok()) process_.emplace(*std::move(started));
  }

  // What it says to one line more.
  std::string Connect(const std::string& version, const std::string& cert, const std::string& key) {
    const std::string line = version + " " + cert + " " + key + "\n";
    if (!process_ || write(commands_->get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
      return "it does not run";
    }
    ++asked_;
    testing::Eventually([&] { return Answers().size() >= asked_ || process_->WaitEnded({}); });
    const std::vector<std::string> answers = Answers();
    if (answers.size() < asked_) return "no answer: " + Log();
    return answers.back() == "done" ? "" : answers.back();
  }

  // Its exit code.
  int End(std::chrono::seconds patience) {
    commands_.reset();
    return process_ && process_->WaitEnded(patience) ? process_->Stop({}) : -1;
  }
  [[nodiscard]] const std::string& commands() const { return pipe_; }
  [[nodiscard]] std::string Log() const { return ReadFile(log_, 1 << 20).value_or(""); }

 private:
  // Its lines but for what libraries say of themselves.
  [[nodiscard]] std::vector<std::string> Answers() const {
    std::vector<std::string> answers;
    const std::string log = Log();
    for (std::size_t at = 0, end = 0; (end = log.find('\n', at)) != std::string::npos; at = end + 1) {
      std::string line = log.substr(at, end - at);
      if (line == "done" || line.starts_with("failed")) answers.push_back(std::move(line));
    }
    return answers;
  }

  const std::string pipe_;
  const std::string log_;
  std::optional<Fd> commands_;
  std::optional<cli::Child> process_;
  std::size_t asked_ = 0;
};

}  // namespace rootkeep
