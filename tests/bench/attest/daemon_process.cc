#include "tests/bench/attest/daemon_process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "tests/support/daemon_fixture.h"

namespace rootkeep::bench {
namespace {

struct Pipe {
  Fd read;
  Fd write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoError("pipe2", errno);
  return Pipe{.read = Fd(ends[0]), .write = Fd(ends[1])};
}

// Until the other side closes.
std::string ReadAll(const Fd& from) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = read(from.get(), buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

// What the child does; tells its address and root, a line before the other.
int Serve(const config::Attestation& attestation, Fd tell, const Fd& until) {
  testing::DaemonFixture fixture;
  fixture.config().attestation = attestation;
  if (const Status started = fixture.Start(); !started.ok()) {
    std::fprintf(stderr, "rootkeepd: %s\n", started.error().ToString().c_str());
    return 1;
  }
  fixture.WaitUntilServing();
  const std::string told = fixture.address() + "\n" + fixture.root_pem();
  if (write(tell.get(), told.data(), told.size()) != static_cast<ssize_t>(told.size())) return 1;
  tell = Fd();
  ReadAll(until);
  fixture.Stop();
  return 0;
}

}  // namespace

Result<DaemonProcess> DaemonProcess::Start(const config::Attestation& attestation) {
  RK_TRY(Pipe told, MakePipe());
  RK_TRY(Pipe stop, MakePipe());
  const pid_t pid = fork();
  if (pid < 0) return ErrnoError("fork", errno);
  if (pid == 0) {
    told.read = Fd();
    stop.write = Fd();
    const int status = Serve(attestation, std::move(told.write), stop.read);
    std::fflush(stderr);
    _exit(status);
  }
  told.write = Fd();
  DaemonProcess process(pid, std::move(stop.write));
  const std::string text = ReadAll(told.read);
  const std::size_t end = text.find('\n');
  if (end == std::string::npos) return Internal("rootkeepd did not start");
  process.address_ = text.substr(0, end);
  process.root_pem_ = text.substr(end + 1);
  return process;
}

DaemonProcess::DaemonProcess(DaemonProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      stop_(std::move(other.stop_)),
      address_(std::move(other.address_)),
      root_pem_(std::move(other.root_pem_)) {}

DaemonProcess::~DaemonProcess() {
  if (pid_ < 0) return;
  stop_ = Fd();
  waitpid(pid_, nullptr, 0);
}

}  // namespace rootkeep::bench
