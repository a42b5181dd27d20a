// A SoftHSM token in a directory: everything a real token does, except keeping its keys from whoever reads the disk.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "tools/rootkeep/token_place.h"

namespace rootkeep::cli {

class SoftToken {
 public:
  static constexpr char kLabel[] = "rootkeep-sandbox";

  // SoftHSM's module on this system. NOT_FOUND with a hint when it is not installed.
  static Result<std::string> FindModule();

  // The token in `directory`, or a fresh one that is made there with a random PIN in the file "pin" (mode 0600); its
  // security officer's PIN is random too and forgotten. `module_path` is what FindModule returns.
  static Result<SoftToken> OpenOrMake(const std::string& directory, const std::string& module_path);

  [[nodiscard]] bool made() const { return made_; }
  [[nodiscard]] const TokenPlace& place() const { return place_; }
  [[nodiscard]] const std::string& conf_file() const { return conf_file_; }
  [[nodiscard]] const std::string& pin_file() const { return pin_file_; }

  // Takes the token away from every process that uses it, as if it had been unplugged, and gives it back.
  Status TakeAway() const;
  Status GiveBack() const;

 private:
  explicit SoftToken(const std::string& directory);
  Status WriteConf() const;
  Status MakeUnlessThere();

  std::string tokens_;
  std::string conf_file_;
  std::string pin_file_;
  TokenPlace place_;
  bool made_ = false;
};

}  // namespace rootkeep::cli
