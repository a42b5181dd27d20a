#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "keystore/base/file.h"
#include "keystore/pkcs11/reasons.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/key_report.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/pin_token.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr unsigned kPinMode = 0600;

struct Asked {
  TokenOptions token;
  std::string from;
};

// A PIN in a file of its own, gone at the end unless it has taken the place of the old one.
class Candidate {
 public:
  explicit Candidate(const std::string& place) : place_(place), path_(place + ".new") {}
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;
  ~Candidate() { unlink(path_.c_str()); }

  Status Write(const SecretBytes& pin) { return WriteFileAtomically(path_, AsText(pin.RevealForUse()), kPinMode); }
  [[nodiscard]] Result<pkcs11::PinSource> source() const { return pkcs11::PinSource::Parse("file:" + path_); }

  // Owned by whoever owned the old one, so that the daemon can still read it.
  Status TakePlace() {
    struct stat old{};
    if (stat(place_.c_str(), &old) == 0 && geteuid() == 0 && chown(path_.c_str(), old.st_uid, old.st_gid) != 0) {
      return ErrnoError("chown " + path_, errno);
    }
    if (rename(path_.c_str(), place_.c_str()) != 0) return ErrnoError("rename to " + place_, errno);
    return SyncDirectory(place_.substr(0, place_.rfind('/') + 1));
  }

 private:
  const std::string place_;
  const std::string path_;
};

Status Replace(const Asked& asked) {
  RK_TRY(const PinToken token, FindPinToken(asked.token, pkcs11::PinSender::kOperator));
  const std::string place = token.place.pin.file();
  if (place.empty()) {
    return FailedPrecondition("the PIN source is not a file that this command could write")
        .WithHint("put the PIN where the credential comes from, restart the service, then: rootkeep pin unlatch");
  }
  RK_TRY(const SecretBytes pin, ReadSecretFile(asked.from));
  Candidate candidate(place);
  RK_RETURN_IF_ERROR(candidate.Write(pin));
  RK_TRY(const auto source, candidate.source());
  auto tried = TryPin(token, source);
  if (!tried.ok()) {
    Error error = std::move(tried).error().Within("try the new PIN; the old one stays");
    if (error.reason() != pkcs11::kReasonPinLatched || token.place.pin_directory.empty()) return error;
    // The daemon too: who knows how many tries the token has left.
    return std::move(error).WithHint("no PIN is sent to it until one is replaced, or: rootkeep pin unlatch");
  }
  RK_RETURN_IF_ERROR(candidate.TakePlace());
  RK_RETURN_IF_ERROR(token.record->Forget(token.device));
  PrintLine(TokenText(token.device) + ": the token takes the new PIN, which is now in " + place);
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareTokenOptions(options, asked->token);
  options.Required("--from", asked->from, "File with the new PIN, readable by its owner only");
  return [asked] { return Replace(*asked); };
}

}  // namespace

Command PinReplaceCommand() {
  return {.group = "pin",
          .name = "replace",
          .summary = "Try a new PIN once and, when the token takes it, put it into the PIN source",
          .example = "rootkeep pin replace --config /etc/rootkeep/rootkeepd.yaml --token ca --from new-pin",
          .declare = Declare};
}

}  // namespace rootkeep::cli
