#include "keystore/tpm2/tpm.h"

#include <cstdlib>

#include "keystore/base/log.h"
#include "keystore/tpm2/rc.h"
#include "keystore/tpm2/reasons.h"
#include "keystore/tpm2/tcti_name.h"

namespace rootkeep::tpm2 {
namespace {

constexpr int kMaxAttempts = 3;

bool LosesTheConnection(const Error& error) {
  const RcClass rc_class = ClassOf(error);
  return rc_class == RcClass::kGone || rc_class == RcClass::kDown || error.reason() == kReasonTpmReset;
}

bool IsLate(Deadline deadline) { return std::chrono::steady_clock::now() >= deadline; }

Error TooLate() { return Unavailable("the deadline passed before the TPM was asked").WithReason(kReasonDeadline); }

}  // namespace

void QuietTss2() {
  setenv("TSS2_LOG", "all+none",
         /*replace=*/0);  // NOLINT(concurrency-mt-unsafe): before other threads, says the header
}

bool HasResourceManager(const std::string& tcti) {
  return tcti.starts_with("tabrmd:") || tcti.starts_with("device:/dev/tpmrm");
}

Result<std::shared_ptr<Tpm>> Tpm::Open(TpmOptions options) {
  RK_RETURN_IF_ERROR(ParseTcti(options.transport.tcti));
  return std::shared_ptr<Tpm>(new Tpm(std::move(options)));
}

Tpm::Tpm(TpmOptions options)
    : options_(std::move(options)),
      shared_(!HasResourceManager(options_.transport.tcti)),
      queue_({.meter = {.max_concurrency = 1},
              .max_waiting = options_.max_waiting,
              .turn = options_.turn,
              .own_turn = options_.own_turn}),
      breaker_(options_.shortest_pause, options_.longest_pause),
      process_turn_(options_.turn_file) {
  if (shared_) idle_timer_.emplace(options_.idle, [this] { return RestWhenIdle(); });
}

Tpm::~Tpm() {
  idle_timer_.reset();
  Rest();
}

DeviceRequest Tpm::Management(Deadline deadline) {
  static const auto& share = *new Share{};
  return {.work = DeviceWork::Management(), .share = share, .deadline = deadline};
}

Status Tpm::RunQueued(const DeviceRequest& request, std::chrono::nanoseconds* queued, const Work& work) {
  return Persist(request.deadline, [&](CircuitBreaker::Pass& pass) -> Status {
    const auto asked = std::chrono::steady_clock::now();
    RK_TRY(DeviceQueue::Ticket ticket, queue_.Admit(request));
    const Turn::Holder turn(turn_, request.deadline);
    if (!turn || IsLate(request.deadline)) return TooLate();
    if (queued != nullptr) *queued += std::chrono::steady_clock::now() - asked;
    RK_RETURN_IF_ERROR(RunHere(request.deadline, pass, work));
    ticket.Completed(std::chrono::steady_clock::now());
    return Ok();
  });
}

Status Tpm::Probe(Deadline deadline) {
  return Persist(deadline, [&](CircuitBreaker::Pass& pass) -> Status {
    const Turn::Holder turn(turn_, deadline);
    if (!turn) return TooLate();
    return RunHere(deadline, pass, [](Connection& connection) -> Status {
      return connection.IsSameBoot() ? Ok() : Status(WasReset());
    });
  });
}

Status Tpm::Persist(Deadline deadline, const std::function<Status(CircuitBreaker::Pass&)>& once) {
  for (int attempt = 1;; ++attempt) {
    const bool was_well = !breaker_.failure();
    RK_TRY(CircuitBreaker::Pass pass, breaker_.Enter());
    Status status = once(pass);
    if (status.ok() || attempt == kMaxAttempts || IsLate(deadline) || !LosesTheConnection(status.error())) {
      return status;
    }
    // It was looked for, and is not there.
    if (!was_well && breaker_.failure()) return status;
  }
}

Status Tpm::RunHere(Deadline deadline, CircuitBreaker::Pass& pass, const Work& work) {
  RK_RETURN_IF_ERROR(TakeProcessTurn(deadline));
  RK_RETURN_IF_ERROR(Connect(deadline, pass));
  connection_->transport().SetDeadline(deadline);
  Status status = work(*connection_);
  // An auth value is refused, too, by another object that has the handle since a reset.
  if (!status.ok() && ClassOf(status.error()) == RcClass::kAuth && !connection_->IsSameBoot()) status = WasReset();
  if (!status.ok() && LosesTheConnection(status.error())) {
    Lose(status.error());
    return status;
  }
  connection_->FlushTheRest();
  if (connection_->transport().failed()) {
    Lose(Unavailable("a flush failed").WithReason(kReasonTpmDown));
  } else if (shared_) {
    if (IsLate(slice_ends_) && process_turn_.Wanted()) Rest();
    idle_timer_->Touch();
  }
  return status;
}

Status Tpm::TakeProcessTurn(Deadline deadline) {
  if (!shared_ || options_.turn_file.empty() || process_turn_.held()) return Ok();
  RK_RETURN_IF_ERROR(process_turn_.Take(deadline));
  slice_ends_ = After(options_.slice);
  const Loaded left = process_turn_.Left();
  if (left.handles.empty()) return Ok();
  log::Warning("tpm2.left_by_another", {{"tcti", options_.transport.tcti}, {"handles", left.handles.size()}});
  left_ = left;
  if (connection_ != nullptr) connection_->Flush(std::exchange(left_, {}));
  return Ok();
}

Status Tpm::Connect(Deadline deadline, CircuitBreaker::Pass& pass) {
  if (connection_ != nullptr) return Ok();
  auto made = Connection::Open(options_.transport, deadline);
  if (!made.ok()) {
    if (std::exchange(was_up_, false)) {
      log::Failure("tpm2.down", {{"tcti", options_.transport.tcti}, {"error", made.error().ToString()}});
    }
    pass.Failed(made.error());
    process_turn_.Release();
    return std::move(made).error();
  }
  pass.Worked();
  if (!std::exchange(was_up_, true)) log::Info("tpm2.up", {{"tcti", options_.transport.tcti}});
  connection_ = *std::move(made);
  if (process_turn_.held()) {
    connection_->transport().OnLoadedChanged([this] { process_turn_.Note(connection_->loaded()); });
  }
  connection_->Flush(std::exchange(left_, {}));
  return Ok();
}

void Tpm::Lose(const Error& error) {
  log::Warning("tpm2.connection_lost", {{"tcti", options_.transport.tcti}, {"error", error.ToString()}});
  // A resource manager flushes what a closed connection had.
  if (shared_) left_ = connection_->loaded();
  connection_->Forget();
  connection_.reset();
}

void Tpm::Rest() {
  if (connection_ != nullptr) {
    if (const Status dropped = connection_->DropKept(); !dropped.ok()) Lose(dropped.error());
  }
  process_turn_.Release();
}

bool Tpm::RestWhenIdle() {
  const Turn::Holder turn(turn_, std::chrono::steady_clock::now());
  if (turn) Rest();
  return static_cast<bool>(turn);
}

}  // namespace rootkeep::tpm2
