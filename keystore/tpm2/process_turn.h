// Whose turn it is with a TPM that several processes share without a resource manager.
#pragma once

#include <string>

#include "keystore/base/clock.h"
#include "keystore/base/file.h"
#include "keystore/base/result.h"
#include "keystore/tpm2/loaded.h"

namespace rootkeep::tpm2 {

// A TPM has three places for objects and three for sessions, whoever's they are. Only the process whose turn it is has
// anything in them. The turn is a lock (flock(2)) on a file; who wants it next holds another, `<path>.next`, so that
// who has it can see that somebody waits, and who gave it up cannot take it again first. A process that dies loses
// both; the first then says what it left in the TPM: "1", reset count, restart count and handles, in hexadecimal, on
// one line. Not thread-safe; two of one process exclude each other as two of different processes do.
class ProcessTurn {
 public:
  explicit ProcessTurn(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] bool held() const { return held_; }

  // At once when it is held already. UNAVAILABLE "deadline" when another process has it until then; the errno's code
  // when the files cannot be made.
  Status Take(Deadline deadline);
  // What the one before did not flush; empty when it gave the turn up itself, and for a file that says nothing of the
  // kind.
  [[nodiscard]] Loaded Left() const;
  // Puts on record what would be left if this process died now; only while the turn is held.
  void Note(const Loaded& loaded);
  // Whether another process waits for it; only while it is held.
  [[nodiscard]] bool Wanted() const;
  // Nothing is in the TPM any more.
  void Release();

 private:
  Status OpenFiles();

  const std::string path_;
  Fd turn_;
  Fd next_;
  bool held_ = false;
};

}  // namespace rootkeep::tpm2
