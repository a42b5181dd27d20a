#include "tools/rootkeep/sandbox/sandbox_files.h"

#include "keystore/base/file.h"

namespace rootkeep::cli {

Status SandboxFiles::MakeDirectories() const {
  for (const char* below : {"/certs", "/issuer", "/var", "/var/run", "/var/run/secrets", "/var/run/secrets/istio",
                            "/var/run/secrets/tokens"}) {
    RK_RETURN_IF_ERROR(MakeDirectory(root + below, 0700));
  }
  return Ok();
}

}  // namespace rootkeep::cli
