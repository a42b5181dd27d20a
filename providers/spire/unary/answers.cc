#include "providers/spire/unary/answers.h"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace rootkeep::spire::unary {
namespace {

// By doubling: reserve() alone would move all of them for each new one.
void MakeRoom(std::vector<Answer>& answers, std::size_t count) {
  if (answers.capacity() < count) answers.reserve(std::max(count, 2 * answers.capacity()));
}

}  // namespace

Result<std::shared_ptr<Answers>> Answers::Make() {
  Fd wake(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake.valid()) return ErrnoError("eventfd", errno);
  return std::shared_ptr<Answers>(new Answers(std::move(wake)));
}

void Answers::Expect() {
  const MutexLock lock(mutex_);
  MakeRoom(ready_, expected_ + 1);
  ++expected_;
}

void Answers::Put(Answer answer) noexcept {
  {
    const MutexLock lock(mutex_);
    ready_.push_back(std::move(answer));
  }
  if (std::this_thread::get_id() != sender_) Wake();
}

void Answers::GiveUp() noexcept {
  const MutexLock lock(mutex_);
  --expected_;
}

void Answers::Take(std::vector<Answer>& out) {
  out.clear();
  const MutexLock lock(mutex_);
  MakeRoom(out, expected_);
  expected_ -= ready_.size();
  out.swap(ready_);
}

std::size_t Answers::expected() const {
  const MutexLock lock(mutex_);
  return expected_;
}

void Answers::Wake() const noexcept { eventfd_write(wake_.get(), 1); }

void Answers::Rest() const noexcept {
  eventfd_t ignored = 0;
  eventfd_read(wake_.get(), &ignored);
}

}  // namespace rootkeep::spire::unary
