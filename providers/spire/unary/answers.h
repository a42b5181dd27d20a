// Where the answers to a connection's calls wait for the thread that sends them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "keystore/base/mutex.h"
#include "keystore/base/result.h"

namespace rootkeep::spire::unary {

// How a call ended: gRPC's number of a status, and its text.
struct Ending {
  int code = 0;
  std::string text;
};

struct Answer {
  std::int32_t stream = 0;
  Ending ending;
  std::optional<std::string> message;  // when the code is 0
};

// Thread-safe.
class Answers {
 public:
  static Result<std::shared_ptr<Answers>> Make();

  // On the thread that sends, which is not woken for what it puts in itself.
  void BelongToThisThread() { sender_ = std::this_thread::get_id(); }

  // There will be one more, and there is room for it. Throws for want of memory.
  void Expect();
  void Put(Answer answer) noexcept;
  // One that was expected will not be.
  void GiveUp() noexcept;

  // Those that are there, into `out`. Throws for want of memory.
  void Take(std::vector<Answer>& out);
  // How many are still to be put in or taken.
  [[nodiscard]] std::size_t expected() const;

  // Readable once somebody has put one in, or called Wake, until Rest.
  [[nodiscard]] int fd() const { return wake_.get(); }
  void Wake() const noexcept;
  void Rest() const noexcept;

 private:
  explicit Answers(Fd wake) : wake_(std::move(wake)) {}

  const Fd wake_;
  std::thread::id sender_;  // set before there are calls
  mutable Mutex mutex_;
  std::size_t expected_ RK_GUARDED_BY(mutex_) = 0;
  std::vector<Answer> ready_ RK_GUARDED_BY(mutex_);  // has room for all that are expected
};

}  // namespace rootkeep::spire::unary
