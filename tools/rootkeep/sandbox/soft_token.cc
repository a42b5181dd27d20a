#include "tools/rootkeep/sandbox/soft_token.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "keystore/base/file.h"
#include "keystore/base/random.h"
#include "keystore/pkcs11/store.h"
#include "keystore/pkcs11/token_setup.h"
#include "tools/rootkeep/deadlines.h"

namespace rootkeep::cli {
namespace {

constexpr std::size_t kPinOctets = 8;

// Digits and letters a-f: every token takes those.
Result<SecretBytes> RandomPin() {
  RK_TRY(const Bytes octets, RandomBytes(kPinOctets));
  return SecretBytes(ToHex(octets));
}

Status Rename(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) != 0) return ErrnoError(fmt::format("rename {} to {}", from, to), errno);
  return Ok();
}

}  // namespace

Result<std::string> SoftToken::FindModule() {
  for (const char* directory : {"/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm",
                                "/usr/lib/aarch64-linux-gnu/softhsm", "/usr/local/lib/softhsm", "/usr/lib64/pkcs11"}) {
    std::string path = std::string(directory) + "/libsofthsm2.so";
    if (access(path.c_str(), R_OK) == 0) return path;
  }
  return NotFound("libsofthsm2.so is not installed").WithHint("apt-get install softhsm2, or name it with --module");
}

SoftToken::SoftToken(const std::string& directory)
    : tokens_(directory + "/tokens"), conf_file_(directory + "/softhsm2.conf"), pin_file_(directory + "/pin") {}

Status SoftToken::WriteConf() const {
  return WriteFileAtomically(
      conf_file_, fmt::format("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens_),
      0600);
}

Status SoftToken::MakeUnlessThere() {
  RK_TRY(const auto module, pkcs11::Module::Load(place_.module));
  RK_RETURN_IF_ERROR(module->Initialise(After(kTokenDeadline)));
  RK_TRY(const auto tokens, pkcs11::ListTokens(*module, After(kTokenDeadline)));
  if (std::ranges::find(tokens, kLabel, &DeviceInfo::label) != tokens.end()) return Ok();
  RK_TRY(const SecretBytes officer_pin, RandomPin());
  RK_TRY(const SecretBytes pin, RandomPin());
  RK_RETURN_IF_ERROR(WriteFileAtomically(pin_file_, AsText(pin.RevealForUse()), 0600));
  RK_RETURN_IF_ERROR(pkcs11::SetUpToken(*module, kLabel, officer_pin, pin, After(kTokenDeadline)));
  made_ = true;
  return Ok();
}

Result<SoftToken> SoftToken::OpenOrMake(const std::string& directory, const std::string& module_path) {
  SoftToken token(directory);
  RK_RETURN_IF_ERROR(MakeDirectory(token.tokens_, 0700));
  RK_RETURN_IF_ERROR(token.WriteConf());
  token.place_.module = {.path = module_path, .environment = {{"SOFTHSM2_CONF", token.conf_file_}}};
  token.place_.selector = {.label = kLabel, .serial = ""};
  RK_TRY(token.place_.pin, pkcs11::PinSource::Parse("file:" + token.pin_file_));
  RK_RETURN_IF_ERROR(token.MakeUnlessThere());
  return token;
}

Status SoftToken::TakeAway() const { return Rename(tokens_, tokens_ + ".away"); }

Status SoftToken::GiveBack() const { return Rename(tokens_ + ".away", tokens_); }

}  // namespace rootkeep::cli
