#include <fmt/format.h>

#include <memory>

#include "keystore/base/file.h"
#include "keystore/tpm2/key_directory.h"
#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/output.h"
#include "tools/rootkeep/token_options.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr std::uint32_t kOwner = 0x40000001;  // TPM_RH_OWNER: a primary that anybody can make again

struct Asked {
  TokenOptions token;
  std::string key;
  std::string pub;
  std::string priv;
};

// tpm2-tools' words for the storage key of keystore/tpm2.
constexpr const char* kMakeParent =
    "tpm2_createprimary -C o -g sha256 -G ecc -a "
    "'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt' -c parent.ctx";

Status WriteHalf(const std::string& path, ByteView half, mode_t mode) {
  if (path.empty()) return Ok();
  RK_RETURN_IF_ERROR(WriteFileAtomically(path, AsText(half), mode));
  PrintLine(path);
  return Ok();
}

Status Export(const Asked& asked) {
  if (asked.pub.empty() && asked.priv.empty()) return UsageError("what? give --pub or --priv, or both");
  RK_TRY(const TokenPlace place, FindTokenPlace(asked.token));
  if (!place.tpm) return UsageError("only a TPM's keys are files: say --tpm");
  const tpm2::KeyDirectory keys(place.tpm->tpm->directory + "/keys");
  RK_TRY(const auto key, keys.Read(asked.key));
  if (!key) {
    return FailedPrecondition(fmt::format("{} stays in the TPM: there is nothing to load", asked.key))
        .WithHint("programs take its handle");
  }
  RK_RETURN_IF_ERROR(WriteHalf(asked.pub, key->public_area, 0644));
  RK_RETURN_IF_ERROR(WriteHalf(asked.priv, key->private_area, 0600));
  PrintLine(key->parent == kOwner ? fmt::format("its parent: {}", kMakeParent)
                                  : fmt::format("its parent: {:#x}", key->parent));
  if (!key->empty_auth) {
    RK_TRY(const std::string auth, keys.PathOf(asked.key, "auth"));
    PrintLine(fmt::format("its auth value, unless it is a credential: {}", auth));
  }
  return Ok();
}

Action Declare(Options& options) {
  auto asked = std::make_shared<Asked>();
  DeclareKeyPlaceOptions(options, asked->token);
  options.Text("--pub", asked->pub, "File for the public half, a TPM2B_PUBLIC")
      .Text("--priv", asked->priv, "File for the private half, a TPM2B_PRIVATE, which only this TPM can read")
      .Argument("key", asked->key, "The key's label");
  return [asked] { return Export(*asked); };
}

}  // namespace

Command KeyExportCommand() {
  return {.group = "key",
          .name = "export",
          .summary = "The two halves of a TPM's key as tpm2_load takes them; what it is worth stays in the TPM",
          .example =
              "rootkeep key export --config /etc/rootkeep/rootkeep-agent.yaml --tpm tpm0 rk/app/web/1 --pub web.pub "
              "--priv web.priv",
          .declare = Declare};
}

}  // namespace rootkeep::cli
