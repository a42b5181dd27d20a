// The one owner of an ESYS_CONTEXT: whose turn it is, what is flushed afterwards, and how the TPM is found again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "keystore/base/turn.h"
#include "keystore/circuit_breaker.h"
#include "keystore/device_queue.h"
#include "keystore/tpm2/connection.h"
#include "keystore/tpm2/idle_timer.h"
#include "keystore/tpm2/process_turn.h"

namespace rootkeep::tpm2 {

// Silences what tss2 writes to standard error, by TSS2_LOG=all+none, unless that variable is set. Call it first in
// main, before other threads start: it changes the environment, which libtss2 reads when it has something to say. No
// library calls it by itself.
void QuietTss2();

struct TpmOptions {
  TransportOptions transport;
  // The lock file by which processes take turns with a TPM that no resource manager divides (ProcessTurn); all that use
  // it must name the same. Empty: nobody else uses it.
  std::string turn_file;
  // After how long without work what is kept in the TPM is flushed, where others may need the places.
  std::chrono::milliseconds idle{20};
  // After how long that is flushed while another process waits.
  std::chrono::milliseconds slice{10};
  std::size_t max_waiting = 256;
  // Of DeviceQueueOptions: to hand a simulator on from one thread to the next costs a good part of a signature; chips
  // take longer than this for each, and serve in order.
  std::chrono::microseconds turn{5000};
  // While only the same caller's threads wait. With salted sessions tss2 allocates so much for each hash that threads
  // which change often take about a tenth more processor time for a signature.
  std::chrono::microseconds own_turn{50'000};
  // While the TPM is away, one call in this time looks for it, at first after the shorter one.
  std::chrono::milliseconds shortest_pause{25};
  std::chrono::milliseconds longest_pause{250};
};

// Whether something between this TCTI and the TPM gives every program places of its own: tpm2-abrmd, or the kernel
// behind /dev/tpmrm0.
bool HasResourceManager(const std::string& tcti);

// Thread-safe. One work at a time; one that cannot begin before its deadline never does. While the TPM is away works
// fail at once with UNAVAILABLE "tpm_down", and one in every pause looks for it.
class Tpm {
 public:
  // Touches no hardware, so it succeeds while the TPM is away. INVALID_ARGUMENT when the TCTI is not named
  // (ParseTcti).
  static Result<std::shared_ptr<Tpm>> Open(TpmOptions options);
  ~Tpm();
  Tpm(const Tpm&) = delete;
  Tpm& operator=(const Tpm&) = delete;

  // Runs `work(ESYS_CONTEXT*)`, which returns a Result, with all of the TPM's places free as far as they are ours, and
  // flushes every object and session that it leaves, also when it fails. When the TPM was reset or away meanwhile it is
  // run again from its beginning, twice at most: so it must not do what must not be done twice. The context is the
  // work's until it returns; works do not nest. Errors: the work's; UNAVAILABLE "tpm_down", "deadline"; the queue's
  // (DeviceQueue::Admit).
  template <typename Work>
  auto Use(Deadline deadline, Work&& work) -> std::invoke_result_t<Work&, ESYS_CONTEXT*> {
    return Run(Management(deadline), [&](Connection& connection) -> std::invoke_result_t<Work&, ESYS_CONTEXT*> {
      RK_RETURN_IF_ERROR(connection.DropKept());
      return work(connection.esys());
    });
  }

  // As Use, with the place in the queue that `request` asks for, and for work that leaves things in the TPM for the
  // next (Connection::kept). `queued` is told how long that took to begin, each time; may be null.
  template <typename Work>
  auto Run(const DeviceRequest& request, Work&& work, std::chrono::nanoseconds* queued = nullptr)
      -> std::invoke_result_t<Work&, Connection&> {
    std::optional<std::invoke_result_t<Work&, Connection&>> outcome;
    const Status status = RunQueued(request, queued, [&](Connection& connection) -> Status {
      outcome.emplace(work(connection));
      return outcome->ok() ? Ok() : Status(outcome->error());
    });
    if (status.ok()) return *std::move(outcome);
    return status.error();
  }

  // Whether the TPM answers; not in the queue, because one that is busy is not away. Connects anew when it does again.
  Status Probe(Deadline deadline);

  // How many of this kind of work may usefully wait at once.
  [[nodiscard]] unsigned limit(DeviceWork work) const { return queue_.limit(work); }
  // A place in the queue for work that is no signature.
  static DeviceRequest Management(Deadline deadline);

 private:
  using Work = std::function<Status(Connection&)>;

  explicit Tpm(TpmOptions options);

  Status RunQueued(const DeviceRequest& request, std::chrono::nanoseconds* queued, const Work& work);
  // Calls `once` up to three times while the TPM is found reset or away, and is there again.
  Status Persist(Deadline deadline, const std::function<Status(CircuitBreaker::Pass&)>& once);
  // With the turn: `work` on the connection, made now if there is none.
  Status RunHere(Deadline deadline, CircuitBreaker::Pass& pass, const Work& work);
  Status TakeProcessTurn(Deadline deadline);
  Status Connect(Deadline deadline, CircuitBreaker::Pass& pass);
  void Lose(const Error& error);
  // Gives the places in the TPM, and the turn, to other processes.
  void Rest();
  // False when somebody has the turn, who may have been about to give it up without another Touch.
  bool RestWhenIdle();

  const TpmOptions options_;
  const bool shared_;  // with other processes, by nothing but manners
  DeviceQueue queue_;
  CircuitBreaker breaker_;  // open while the TPM is away

  Turn turn_;  // guards what follows
  ProcessTurn process_turn_;
  Deadline slice_ends_;
  std::unique_ptr<Connection> connection_;
  Loaded left_;  // by a lost connection, or a process that died
  bool was_up_ = true;

  std::optional<IdleTimer> idle_timer_;  // only when shared_; ends first
};

}  // namespace rootkeep::tpm2
