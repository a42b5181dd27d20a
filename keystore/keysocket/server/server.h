// The agent's side of the key socket: a list of sockets, and what is behind each.
#pragma once

#include <sys/epoll.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "keystore/base/mutex.h"
#include "keystore/keysocket/server/handler.h"
#include "keystore/keysocket/server/lane.h"
#include "keystore/keysocket/server/listener.h"

namespace rootkeep::keysocket {

struct ServerOptions {
  static constexpr unsigned kManagers = 4;
  // Threads for calls that are no signature with a known key: for each token, and for calls on several.
  unsigned managers = kManagers;
  std::size_t max_waiting = 256;                  // calls beyond those that have a thread, for each kind and token
  std::size_t max_connections = 2048;             // of one socket
  std::size_t max_connections_per_caller = 1024;  // of one user on one socket
  std::chrono::milliseconds hello_patience{5000};
  std::chrono::milliseconds idle_limit = std::chrono::minutes(10);
  std::chrono::milliseconds longest_call = std::chrono::minutes(1);
  KeyPermit permit = nullptr;            // none: what a grant allows is allowed
  Observer* observer = nullptr;          // outlives the server; null: nobody
  std::chrono::milliseconds tick{1000};  // between two looks at connections that have been silent
  // Threads that may stay with the caller that they answered last, and for how long after each answer.
  unsigned stayers = std::max(2U, std::thread::hardware_concurrency());
  std::chrono::milliseconds stay{5};
};

// Threads wait for packets; the one that gets a request answers it, so a call costs no hand-off. Each token has as many
// at once as its signers find useful (Signer::Places), and its workers at most, and the managers have their own, for
// each token too, so one thread is always free to take packets, and a token that hangs takes none of another's: what
// finds no worker waits in line, callers in turn, and one socket's calls have half of the places at most. Whoever signs
// often has a thread to himself between his calls too: it waits for the next one in recv, so that it is woken where the
// caller runs, and is not away on another processor with somebody else's call when his comes. Those threads are in
// addition to the others, so one is free all the same. Never waits for a client: what is sent is whole, and who does
// not take the reply to his own call is dropped. Thread-safe.
class Server {
 public:
  // FAILED_PRECONDITION as CheckSocket and Listener::Open say. `adopted` are sockets that listen already, by the name
  // of theirs: those are not opened.
  static Result<std::unique_ptr<Server>> Start(std::vector<SocketOptions> sockets, std::vector<ServedToken> tokens,
                                               const ServerOptions& options = {},
                                               std::map<std::string, Fd> adopted = {});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  // Waits for calls that are in a token, however long those take.
  ~Server();

  // Takes no more connections, and none goes on after its present call. Returns when all calls are answered, or after
  // `patience`; what still waits for a worker is refused then.
  void Drain(std::chrono::milliseconds patience);

  [[nodiscard]] std::size_t connections() const;
  // Of calls that wait for a worker.
  [[nodiscard]] std::size_t waiting() const;
  // Of threads that stay with a connection.
  [[nodiscard]] unsigned staying() const { return staying_; }
  [[nodiscard]] std::uint64_t denied() { return handler_.audit().denied(); }

 private:
  struct Door;
  struct Peer;
  struct Watched;
  using PeerPtr = std::shared_ptr<Peer>;
  using WorkLane = Lane<PeerPtr>;
  struct Memory;  // of a thread
  struct Place {
    WorkLane& lane;
    unsigned useful;  // how many at once
  };

  Server(std::vector<SocketOptions> sockets, std::vector<ServedToken> tokens, const ServerOptions& options);
  Status Listen(std::map<std::string, Fd> adopted);
  Status StartThreads();

  bool HasConnection(pid_t process, const std::string& token, const LabelParts& key) const;
  void Run() noexcept;
  void OnEvent(Watched& watched, Memory& memory);
  // A packet of this connection, and those that come while the thread stays with it, or with another for which it has
  // answered meanwhile.
  void Serve(PeerPtr peer, Memory& memory);
  void Accept(Door& door);
  void Admit(Door& door, Fd socket);
  void Tick();

  // These give the connection that the thread may stay with, which nobody else watches; null: none.
  // The packet that has come, or the one that comes while the thread stays.
  PeerPtr Read(const PeerPtr& peer, Memory& memory);
  PeerPtr Stay(const PeerPtr& peer, Memory& memory);
  PeerPtr OnPacket(const PeerPtr& peer, ssize_t size, Memory& memory);
  void Greet(const PeerPtr& peer, const Request& request, Memory& memory);
  PeerPtr Work(WorkLane& lane, PeerPtr peer, const Request& request, Memory& memory);
  PeerPtr AnswerJob(WorkLane::Job job, Memory& memory);
  [[nodiscard]] Deadline DeadlineOf(const Request& request, Deadline arrived) const;
  Place PlaceOf(const Peer& peer, const Request& request);
  // False when the connection is closed.
  bool Send(const PeerPtr& peer, ByteView reply);
  void WaitForNext(const PeerPtr& peer);
  void Close(const PeerPtr& peer);
  bool Watch(int fd, std::uint32_t events, Watched& watched, int operation) const;

  const ServerOptions options_;
  const std::vector<SocketOptions> sockets_;
  Handler handler_;
  std::vector<std::unique_ptr<WorkLane>> lanes_;     // one a token, for signatures
  std::vector<std::unique_ptr<WorkLane>> managing_;  // one a token, and the last for calls on several
  Fd epoll_;
  Fd timer_;
  Fd end_;  // readable when all threads are to end
  std::unique_ptr<Watched> timer_watched_;
  std::unique_ptr<Watched> end_watched_;
  std::atomic<bool> draining_{false};
  std::atomic<bool> refusing_{false};
  std::atomic<unsigned> staying_{0};

  mutable Mutex mutex_;
  CondVar changed_;
  std::vector<std::unique_ptr<Door>> doors_ RK_GUARDED_BY(mutex_);
  std::unordered_map<int, PeerPtr> peers_ RK_GUARDED_BY(mutex_);  // by descriptor
  std::vector<std::jthread> threads_;
};

}  // namespace rootkeep::keysocket
