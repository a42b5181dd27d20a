#include "tests/support/swtpm.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "tests/support/eventually.h"

namespace rootkeep::testing {
namespace {

[[noreturn]] void Abort(const std::string& what, const Background& process) {
  std::fprintf(stderr, "SwTpm fixture: %s; swtpm says: %s\n", what.c_str(), process.Log().c_str());
  std::abort();
}

// Whether who listens at `path` answers this request within a few seconds, whatever it says.
bool Answers(const std::string& path, std::span<const std::uint8_t> request) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return false;
  path.copy(address.sun_path, path.size());
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return false;
  constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  std::array<char, 64> answer{};
  return send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) == std::ssize(request) &&
         recv(fd.get(), answer.data(), answer.size(), 0) > 0;
}

}  // namespace

SwTpm::SwTpm() {
  std::filesystem::create_directory(state_directory());
  SwitchOn();
}

SwTpm::SwTpm(const TpmManufacturer& manufacturer, const std::string& name) {
  std::filesystem::create_directory(state_directory());
  manufacturer.Manufacture(state_directory(), name);
  SwitchOn();
}

SwTpm::~SwTpm() = default;

void SwTpm::SwitchOff() {
  // TPM2_Shutdown(CLEAR): without it the TPM counts the stop as an attempt to guess a key's secret, and the third locks
  // it.
  constexpr std::array<std::uint8_t, 12> kShutdown{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x45, 0, 0};
  if (!Answers(socket_, kShutdown)) Abort("it does not take TPM2_Shutdown", *process_);
  process_.reset();
}

void SwTpm::Reboot() {
  SwitchOff();
  SwitchOn();
}

void SwTpm::CutPower() {
  process_->Kill();
  SwitchOn();
}

void SwTpm::BecomeDevice() {
  SwitchOff();
  machine_ = Fd(posix_openpt(O_RDWR | O_NOCTTY));
  std::array<char, 64> name{};
  if (grantpt(machine_.get()) != 0 || unlockpt(machine_.get()) != 0 ||
      ptsname_r(machine_.get(), name.data(), name.size()) != 0) {
    std::abort();
  }
  device_ = Fd(open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  termios settings{};
  if (tcgetattr(device_.get(), &settings) != 0) std::abort();
  cfmakeraw(&settings);
  if (tcsetattr(device_.get(), TCSANOW, &settings) != 0) std::abort();
  process_ = std::make_unique<Background>(
      std::vector<std::string>{"swtpm", "chardev", "--tpm2", "--tpmstate", "dir=" + state_directory(), "--fd",
                               std::to_string(Background::kInherited), "--flags", "not-need-init,startup-clear"},
      directory_ / "log", machine_.get());
  // TPM2_GetRandom(8): it is there when it answers.
  constexpr std::array<std::uint8_t, 12> kGetRandom{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8};
  constexpr int kPatienceMs = 10'000;
  std::array<char, 64> answer{};
  pollfd answered{.fd = device_.get(), .events = POLLIN, .revents = 0};
  if (write(device_.get(), kGetRandom.data(), kGetRandom.size()) != std::ssize(kGetRandom) ||
      poll(&answered, 1, kPatienceMs) != 1 || read(device_.get(), answer.data(), answer.size()) <= 0) {
    Abort("it does not answer as a device", *process_);
  }
  tcti_ = std::string("device:") + name.data();
}

void SwTpm::Occupy() {
  // TPM2_HashSequenceStart(SHA-256) makes an object; the fourth is refused, there are three places.
  constexpr std::array<std::uint8_t, 14> kStart{0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x86, 0, 0, 0, 0x0b};
  for (int i = 0; i < 4; ++i) {
    if (!Answers(socket_, kStart)) Abort("it does not take TPM2_HashSequenceStart", *process_);
  }
}

void SwTpm::SwitchOn() {
  // Of the run before: it would look as if somebody listened.
  std::filesystem::remove(socket_);
  std::filesystem::remove(socket_ + ".ctrl");
  // libtss2's TCTI takes the control socket at this name.
  process_ = std::make_unique<Background>(
      std::vector<std::string>{"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + state_directory(), "--server",
                               "type=unixio,path=" + socket_, "--ctrl", "type=unixio,path=" + socket_ + ".ctrl",
                               "--flags", "not-need-init,startup-clear"},
      directory_ / "log");
  constexpr std::array<std::uint8_t, 4> kGetCapability{0, 0, 0, 1};  // swtpm_ioctls(3)
  if (Eventually([&] { return Answers(socket_ + ".ctrl", kGetCapability) || !process_->Running(); }) &&
      process_->Running()) {
    return;
  }
  Abort("it does not start", *process_);
}

}  // namespace rootkeep::testing
