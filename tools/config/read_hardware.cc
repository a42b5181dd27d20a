#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "keystore/pkcs11/pin_source.h"
#include "keystore/tpm2/tcti_name.h"
#include "tools/config/readers.h"
#include "tools/config/values.h"

namespace rootkeep::config {
namespace {

bool IsVariableName(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Module ReadModule(const v1::Module& file, const Section& section) {
  Module out;
  out.name = Name(section, "name", file.name());
  out.path = RequiredPath(section, "path", file.path());
  std::vector<std::string> names;
  for (const v1::EnvironmentVariable& variable : file.environment()) {
    const Section place = section.Child("environment", names.size());
    if (!IsVariableName(variable.name())) place.Complain("name", "is not the name of an environment variable");
    out.environment.emplace_back(variable.name(), variable.value());
    names.push_back(variable.name());
  }
  CheckUnique(section, "environment", "name", names);
  return out;
}

// Not shown when it is wrong: it may be a PIN.
std::string PinSource(const Section& section, const std::string& value) {
  if (value.empty()) {
    section.Complain("pin_source", "is required");
  } else if (!pkcs11::PinSource::Parse(value).ok()) {
    section.Complain("pin_source", "is neither file:/path nor credential:<name>");
  }
  return value;
}

Isolation IsolationOf(v1::Isolation isolation) {
  switch (isolation) {
    case v1::ISOLATION_PROCESS: return Isolation::kProcess;
    case v1::ISOLATION_PROCESS_WITH_NETWORK: return Isolation::kProcessWithNetwork;
    default: return Isolation::kNone;
  }
}

Token ReadToken(const v1::Token& file, const Section& section, const std::vector<std::string>& modules) {
  constexpr std::size_t kLongestLabel = 32;  // PKCS#11 2.40 §3.2: CK_TOKEN_INFO
  constexpr std::size_t kLongestSerial = 16;
  constexpr std::uint32_t kLeast = 2;
  constexpr std::uint32_t kMost = 1024;
  constexpr std::uint32_t kMostIsolated = 240;  // each needs a socket, and the kernel passes 253 at once
  Token out;
  out.name = Name(section, "name", file.name());
  out.module = Reference(section, "module", file.module(), modules, "module");
  out.label = file.label();
  out.serial = file.serial();
  if (out.label.empty() && out.serial.empty()) section.Complain("label", "is required, or serial is");
  if (out.label.size() > kLongestLabel) section.Complain("label", "is longer than the 32 bytes of a token's label");
  if (out.serial.size() > kLongestSerial) section.Complain("serial", "is longer than the 16 bytes of a serial number");
  out.pin_source = PinSource(section, file.pin_source());
  if (file.has_max_sessions()) out.max_sessions = file.max_sessions();
  if (out.max_sessions < kLeast || out.max_sessions > kMost) {
    section.Complain("max_sessions", fmt::format("{} is not between {} and {}", out.max_sessions, kLeast, kMost));
  }
  out.isolation = IsolationOf(file.isolation());
  if (out.isolation != Isolation::kNone && out.max_sessions > kMostIsolated) {
    section.Complain("max_sessions", fmt::format("is at most {} with isolation", kMostIsolated));
  }
  return out;
}

Token ReadTpm(const v1::Tpm& file, const Section& section, const std::string& directory) {
  Token out;
  out.name = Name(section, "name", file.name());
  out.label = out.name;
  out.max_sessions = 1;
  out.tpm = Tpm{.tcti = file.tcti(), .directory = directory + "/" + out.name, .empty_auth = file.empty_auth()};
  if (const auto tcti = tpm2::ParseTcti(file.tcti()); !tcti.ok()) section.Complain("tcti", tcti.error().ToString());
  if (section.Given("directory")) out.tpm->directory = RequiredPath(section, "directory", file.directory());
  out.tpm->turn_file =
      section.Given("turn_file") ? RequiredPath(section, "turn_file", file.turn_file()) : out.tpm->directory + "/turn";
  if (file.session() != v1::TPM_SESSION_UNSPECIFIED) {
    out.tpm->session = file.session() == v1::TPM_SESSION_SALTED ? TpmSession::kSalted : TpmSession::kPassword;
  }
  return out;
}

std::vector<KeySocketSource> ReadKeySockets(const v1::Config& file, const Section& section,
                                            const std::vector<std::string>& tokens) {
  auto sockets = ReadList(
      section, "key_sockets", file.key_sockets(), [&tokens](const v1::KeySocketSource& item, const Section& place) {
        KeySocketSource out{.name = Name(place, "name", item.name()), .path = SocketPath(place, "path", item.path())};
        if (std::ranges::find(tokens, out.name) != tokens.end()) place.Complain("name", "is the name of a token");
        return out;
      });
  CheckUnique(section, "key_sockets", "name", NamesOf(sockets));
  return sockets;
}

}  // namespace

std::vector<Module> ReadModules(const google::protobuf::RepeatedPtrField<v1::Module>& items, const Section& section,
                                bool required) {
  auto modules = ReadList(section, "modules", items, ReadModule);
  CheckUnique(section, "modules", "name", NamesOf(modules));
  if (required && modules.empty()) section.Complain("modules", "is required: at least one");
  return modules;
}

std::vector<Token> ReadTokens(const google::protobuf::RepeatedPtrField<v1::Token>& items, const Section& section,
                              const std::vector<Module>& modules, bool required) {
  const std::vector<std::string> names = NamesOf(modules);
  auto tokens = ReadList(section, "tokens", items, [&names](const v1::Token& item, const Section& place) {
    return ReadToken(item, place, names);
  });
  CheckUnique(section, "tokens", "name", NamesOf(tokens));
  if (required && tokens.empty()) section.Complain("tokens", "is required: at least one");
  return tokens;
}

void AddTpms(const google::protobuf::RepeatedPtrField<v1::Tpm>& items, const Section& section,
             const std::string& directory, std::vector<Token>& tokens) {
  const auto tpms = ReadList(section, "tpms", items, [&](const v1::Tpm& item, const Section& place) {
    Token tpm = ReadTpm(item, place, directory);
    if (std::ranges::find(tokens, tpm.name, &Token::name) != tokens.end()) {
      place.Complain("name", "is the name of a token");
    }
    return tpm;
  });
  CheckUnique(section, "tpms", "name", NamesOf(tpms));
  tokens.insert(tokens.end(), tpms.begin(), tpms.end());
}

void ReadHardware(const v1::Config& file, const Section& section, Config& config) {
  const bool here = file.key_sockets().empty();
  config.modules = ReadModules(file.modules(), section, here);
  config.tokens = ReadTokens(file.tokens(), section, config.modules, here);
  config.key_sockets = ReadKeySockets(file, section, NamesOf(config.tokens));
}

}  // namespace rootkeep::config
