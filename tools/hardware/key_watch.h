// The key catalogue as a daemon sees it: which keys it may use, and whether they are all there.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "keystore/catalog/sweep.h"
#include "tools/config/config.h"
#include "tools/config/section.h"
#include "tools/hardware/catalog_rows.h"
#include "tools/hardware/hardware.h"
#include "tools/hardware/offered_keys.h"

namespace rootkeep {

// Not thread-safe: used by main before, and by one thread while the daemon serves. No signature waits for it: what
// Check says comes from memory.
//
// A state directory without a catalogue, and a key without a row, are reported and served as before there was one; no
// row is made here. The catalogue is changed in one way: keys become MISSING and are found again.
class KeyWatch {
 public:
  // All outlive this.
  struct Parts {
    std::string path;                                  // of the catalogue
    std::vector<config::Token> tokens;                 // that hardware has
    std::vector<config::KeySocketSource> key_sockets;  // the same
    const Hardware& hardware;
    HardwareReports& reports;
    const Clock& clock;
  };

  explicit KeyWatch(Parts parts)
      : parts_(std::move(parts)),
        offered_(parts_.hardware, parts_.reports, config::NamesOf(parts_.key_sockets)),
        rows_(parts_.path) {}

  // Reads the catalogue where there is one. Errors as Catalog::OpenExisting and List, but for NOT_FOUND: what cannot be
  // read may say that a key must not be used.
  Status Start();

  // As CheckPermitted, for an authority of rootkeepd's. A key without a row passes.
  [[nodiscard]] Status Check(const KeyInfo& key) const;
  // Why a key that Check lets pass cannot sign now, as far as the last look at its token told; empty: nothing known.
  [[nodiscard]] std::string Trouble(const KeyInfo& key) const;
  // "ACTIVE"; "none" without a row.
  [[nodiscard]] std::string_view StateOf(const KeyInfo& key) const;

  // The rows as they were read last.
  [[nodiscard]] const std::vector<CatalogEntry>& entries() const { return rows_.entries(); }

  // Reads what others changed in the catalogue, also when another file has taken its place. Whether it can be read:
  // when its file is gone, what it said last holds.
  bool Refresh();
  // The same, and holds it against each token that has returned, and now and then; asks agents what they offer.
  void Round();
  // The next round looks at every token.
  void LookSoon() { next_look_.clear(); }

 private:
  // What was found about one key at the last look.
  struct Seen {
    Finding finding = Finding::kAsCatalogued;
    Bytes fingerprint;  // of the row's key; empty for a key without a row
  };
  using SeenKeys = std::map<std::string, Seen>;  // by label

  Status Read();
  void Look(const config::Token& token);
  void Tell(const std::string& token, const std::vector<Compared>& compared);
  void Count(const std::string& token, const std::vector<Compared>& compared);
  // Logs a failure that is another one than last time's; empty: none.
  void ReportLook(const std::string& token, const std::string& failure);
  void ReportReadable(const Status& status);

  const Parts parts_;
  OfferedKeys offered_;
  CatalogRows rows_;
  bool readable_ = true;
  std::map<std::string, Deadline> next_look_;  // by token; none: at once
  std::map<std::string, SeenKeys> seen_;       // by token
  std::map<std::string, std::string> look_failures_;
};

}  // namespace rootkeep
