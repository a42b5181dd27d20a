#include "tests/support/softhsm.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "keystore/base/file.h"

namespace rootkeep::testing {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Abort(const std::string& what) {
  std::fprintf(stderr, "SoftHsm fixture: %s\n", what.c_str());
  std::abort();
}

void Require(const Status& status) {
  if (!status.ok()) Abort(status.error().ToString());
}

std::set<std::string> NamesIn(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory)) names.insert(entry.path().filename());
  return names;
}

// softhsm2-util in a process of its own, so that this one's environment and module stay untouched.
void InitToken(const std::string& conf, const std::string& label) {
  std::array<std::string, 9> arguments{"softhsm2-util", "--init-token", "--free",   "--label", label,
                                       "--pin",         SoftHsm::kPin,  "--so-pin", "94016725"};
  std::array<char*, 10> argv{};
  for (std::size_t i = 0; i < arguments.size(); ++i) argv[i] = arguments[i].data();
  std::string variable = "SOFTHSM2_CONF=" + conf;
  std::array<char*, 2> environment{variable.data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, argv[0], &actions, nullptr, argv.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  int status = 0;
  if (error != 0 || waitpid(pid, &status, 0) != pid || status != 0) Abort("softhsm2-util --init-token failed");
}

void Rename(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) Abort(fmt::format("rename {} to {}: {}", from, to, error.message()));
}

}  // namespace

std::string SoftHsm::ModulePath() { return ROOTKEEP_SOFTHSM_MODULE; }

SoftHsm::SoftHsm(std::string module_path) : module_path_(std::move(module_path)) {
  Require(MakeDirectory(directory_ / "tokens", 0700));
  Require(WriteFileAtomically(
      conf_file(),
      fmt::format("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", directory_ / "tokens"),
      0600));
  Require(WriteFileAtomically(pin_file(), std::string(kPin) + "\n", 0600));
  AddToken(kLabel);
}

SoftHsm::~SoftHsm() = default;

void SoftHsm::AddToken(const std::string& label) {
  const auto before = NamesIn(directory_ / "tokens");
  InitToken(conf_file(), label);
  for (const std::string& name : NamesIn(directory_ / "tokens")) {
    if (!before.contains(name)) tokens_[label] = name;
  }
}

pkcs11::ModuleConfig SoftHsm::module_config() const {
  return {.path = module_path_, .environment = {{"SOFTHSM2_CONF", conf_file()}}};
}

std::shared_ptr<pkcs11::Module> SoftHsm::module() {
  if (module_ != nullptr) return module_;
  auto loaded = registry_.Load(module_config());
  if (!loaded.ok()) Abort(loaded.error().ToString());
  module_ = *loaded;
  // A failure is what an absent token looks like; stores get over it.
  (void)module_->Initialise(After(std::chrono::seconds(5)));
  return module_;
}

std::shared_ptr<KeyStore> SoftHsm::OpenStore(const std::string& label, pkcs11::StoreOptions options) {
  auto pin = pkcs11::PinSource::Parse(pin_source());
  if (!pin.ok()) Abort(pin.error().ToString());
  auto store = pkcs11::OpenStore(module(), {.label = label}, *pin, options);
  if (!store.ok()) Abort(store.error().ToString());
  return *store;
}

void SoftHsm::TakeAway() { Rename(directory_ / "tokens", directory_ / "tokens.away"); }

void SoftHsm::GiveBack() { Rename(directory_ / "tokens.away", directory_ / "tokens"); }

std::string SoftHsm::TokenDirectory(const std::string& label) const {
  const auto found = tokens_.find(label);
  if (found == tokens_.end()) Abort("no token with label " + label);
  return found->second;
}

void SoftHsm::TakeAway(const std::string& label) {
  Rename(directory_ / "tokens/" + TokenDirectory(label), directory_ / TokenDirectory(label));
}

void SoftHsm::GiveBack(const std::string& label) {
  Rename(directory_ / TokenDirectory(label), directory_ / "tokens/" + TokenDirectory(label));
}

}  // namespace rootkeep::testing
