// One connection of the host's, carried by a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "keystore/base/file.h"
#include "providers/spire/unary/session.h"

namespace rootkeep::spire::unary {

// One thread reads, begins calls and sends their answers, so that a call that is answered where it begins costs no
// hand-over and wakes nobody else. gRPC's server needs eight wake-ups and three packets for the same on a Unix socket,
// whose edge-triggered readiness to be written to comes with every packet that the other side takes. A peer that closes
// its writing side is given the answers to what it has asked, and the connection ends.
class Connection {
 public:
  // Begins to serve `socket`, which is non-blocking. `methods` outlive it. UNAVAILABLE when there is no thread for it.
  static Result<std::unique_ptr<Connection>> Open(Fd socket, const Methods& methods,
                                                  std::shared_ptr<RequestBudget> budget);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();  // at once, but for a call that is being handled

  // Lets no more calls begin, and closes when those under way are answered, or at `deadline`. Once.
  void EndBy(Deadline deadline);
  // After EndBy.
  void WaitForEnd() { thread_.join(); }
  // Of no more use.
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Readiness {
    bool socket = false;
    bool answers = false;
  };

  Connection(Fd socket, std::shared_ptr<Answers> answers, std::unique_ptr<Session> session)
      : socket_(std::move(socket)), answers_(std::move(answers)), session_(std::move(session)) {}
  void Run() noexcept;
  Status Carry();
  Status Announce();
  // Unless an end is set already.
  void EndAtLatest(Deadline deadline);
  [[nodiscard]] bool Over() const;
  // Serves what its calls wait for.
  Readiness Await();
  Status Read();
  Status HandleCalls();
  Status SubmitAnswers();
  Status Send();

  const Fd socket_;
  const std::shared_ptr<Answers> answers_;
  std::unique_ptr<Session> session_;  // until its thread ends
  std::atomic<Deadline> end_by_{Deadline::max()};
  std::atomic<bool> ended_{false};

  // The thread's own.
  bool announced_ = false;
  bool heard_all_ = false;  // the peer sends no more
  bool gone_ = false;       // nobody takes answers any more
  std::vector<std::uint8_t> input_;
  std::vector<pollfd> watched_;
  Waits waits_;
  std::vector<Answer> ready_;
  std::string unsent_;

  std::jthread thread_;
};

}  // namespace rootkeep::spire::unary
