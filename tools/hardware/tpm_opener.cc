#include "tools/hardware/tpm_opener.h"

#include <stdlib.h>

#include <filesystem>

#include "keystore/base/file.h"
#include "keystore/tpm2/store.h"

namespace rootkeep {
namespace {

tpm2::SessionMode SessionOf(const config::Tpm& tpm) {
  if (!tpm.session) return tpm2::DefaultSessionMode(tpm.tcti);
  return *tpm.session == config::TpmSession::kSalted ? tpm2::SessionMode::kSalted : tpm2::SessionMode::kPassword;
}

// Where systemd puts what LoadCredential= names.
std::string CredentialsDirectory() {
  const char* directory = getenv("CREDENTIALS_DIRECTORY");
  return directory == nullptr ? "" : directory;
}

}  // namespace

Result<std::shared_ptr<KeyStore>> TpmOpener::Open(const config::Token& token) {
  const config::Tpm& tpm = *token.tpm;
  RK_RETURN_IF_ERROR(MakeDirectory(std::filesystem::path(tpm.directory).parent_path(), 0700));
  RK_RETURN_IF_ERROR(MakeDirectory(tpm.directory, 0700));
  RK_TRY(auto device, tpm2::Tpm::Open({.transport = {.tcti = tpm.tcti}, .turn_file = tpm.turn_file}));
  Opened opened{.tpm = device,
                .options = {.name = token.name,
                            .directory = tpm.directory,
                            .session = SessionOf(tpm),
                            .empty_auth = tpm.empty_auth,
                            .credentials = CredentialsDirectory()}};
  RK_TRY(auto store, tpm2::OpenStore(std::move(device), opened.options));
  opened_.insert_or_assign(token.name, std::move(opened));
  return store;
}

}  // namespace rootkeep
