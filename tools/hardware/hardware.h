// The modules, tokens and key sockets that the configuration names.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "keystore/key_store.h"
#include "tools/config/config.h"
#include "tools/hardware/reports.h"
#include "tools/hardware/token_opener.h"

namespace rootkeep {

// Owns the modules; destroyed last, after every signer, so that C_Finalize comes at the very end.
class Hardware {
 public:
  // Prepares a store for every token, in this process with its module loaded and initialised, or behind a process of
  // its own, and for every key socket. An absent token or agent is no error; a module that cannot be loaded is, with
  // the step that failed.
  static Result<Hardware> Open(TokenSurroundings surroundings, const std::vector<config::Token>& tokens,
                               const std::vector<config::KeySocketSource>& key_sockets = {});

  // The store of a configured token or key socket. The configuration has been checked: it exists.
  [[nodiscard]] KeyStore& Token(const std::string& name) const { return *sources_.at(name).store; }
  [[nodiscard]] std::shared_ptr<KeyStore> Share(const std::string& name) const { return sources_.at(name).store; }

  // Asks each of them whether it answers, brings back what has returned, and reports it.
  void Probe(HardwareReports& reports);
  // Whether it answered the last of these.
  [[nodiscard]] bool Up(const std::string& name) const { return up_.contains(name); }

 private:
  explicit Hardware(TokenSurroundings surroundings) : opener_(std::make_unique<TokenOpener>(std::move(surroundings))) {}

  struct Source {
    std::shared_ptr<KeyStore> store;
    std::string component;  // what people read
  };

  std::unique_ptr<TokenOpener> opener_;
  std::map<std::string, Source> sources_;
  std::set<std::string> up_;
};

}  // namespace rootkeep
