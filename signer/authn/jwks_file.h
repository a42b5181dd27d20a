// A JWK set in a file, for example the projection of a ConfigMap.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>

#include "signer/authn/jwks_loader.h"

namespace rootkeep::jose {

// Read again when device, inode, size or modification time differ from those at the last read. A file that anybody may
// write is refused: its keys decide who is who.
class JwksFile final : public JwksLoader {
 public:
  explicit JwksFile(std::string path) : path_(std::move(path)) {}

  Result<std::optional<std::string>> Load(bool again, const std::stop_token& stop) override;
  [[nodiscard]] bool is_local() const override { return true; }

 private:
  std::string path_;
  std::optional<struct stat> read_;
};

}  // namespace rootkeep::jose
