#include "signer/authn/jwks.h"

#include <pthread.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>

#include "keystore/base/guard.h"
#include "keystore/base/log.h"
#include "keystore/base/random.h"
#include "signer/authn/jwk_set.h"

namespace rootkeep::jose {
namespace {

using std::chrono::milliseconds;

// Between nine and eleven tenths, so that replicas do not ask all at once.
milliseconds Jittered(milliseconds interval) {
  std::array<std::uint8_t, 1> random{128};
  static_cast<void>(FillRandom(random).ok());  // without randomness it is merely exact
  return interval * 9 / 10 + interval * random[0] / 5 / 255;
}

// A peer that closes early must not end the process, whatever the program does about SIGPIPE.
void BlockPipeSignal() {
  sigset_t pipe_signal;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, nullptr);
}

}  // namespace

JwksSource::JwksSource(std::string issuer, std::unique_ptr<JwksLoader> loader, JwksRefresh refresh)
    : issuer_(std::move(issuer)), loader_(std::move(loader)), refresh_(refresh) {}

JwksSource::~JwksSource() = default;

std::unique_ptr<JwksSource> JwksSource::Start(std::string issuer, std::unique_ptr<JwksLoader> loader,
                                              JwksRefresh refresh) {
  std::unique_ptr<JwksSource> source(new JwksSource(std::move(issuer), std::move(loader), refresh));
  const bool loaded = source->loader_->is_local();
  if (loaded) source->Load({});
  source->thread_ = std::jthread([self = source.get(), loaded](const std::stop_token& stop) {
    BlockPipeSignal();
    if (!loaded) self->LoadGuarded(stop);
    self->Run(stop);
  });
  return source;
}

KeySnapshot JwksSource::Current() const {
  const MutexLock lock(mutex_);
  return current_;
}

void JwksSource::RequestRefresh() {
  const MutexLock lock(mutex_);
  if (wanted_) return;  // a flood of forged tokens wakes the thread once
  wanted_ = true;
  changed_.NotifyAll();
}

JwksStatus JwksSource::status() const {
  const MutexLock lock(mutex_);
  JwksStatus status{.generation = current_.generation, .error = error_};
  if (current_.keys != nullptr) {
    status.keys = current_.keys->keys().size();
    status.skipped = current_.keys->skipped();
  }
  return status;
}

void JwksSource::Run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] {
    const MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  while (!stop.stop_requested()) {
    WaitForTurn(stop);
    if (!stop.stop_requested()) LoadGuarded(stop);
  }
}

void JwksSource::LoadGuarded(const std::stop_token& stop) {
  if (RunGuarded("jwks_exception", [&] { Load(stop); })) return;
  // Another failure, so that the next turn comes later.
  const MutexLock lock(mutex_);
  loaded_at_ = std::chrono::steady_clock::now();
  ++failures_;
}

void JwksSource::Load(const std::stop_token& stop) {
  bool again = false;
  {
    const MutexLock lock(mutex_);
    wanted_ = false;
    again = failures_ > 0;
  }
  const auto text = loader_->Load(again, stop);
  Status outcome = Ok();
  if (!text.ok()) {
    outcome = text.error();
  } else if (*text) {
    outcome = Adopt(**text);
  }
  Note(outcome);
}

Status JwksSource::Adopt(const std::string& text) {
  {
    const MutexLock lock(mutex_);
    if (current_.keys != nullptr && text == text_) return Ok();
  }
  RK_TRY(JwkSet parsed, JwkSet::Parse(text));
  auto keys = std::make_shared<const JwkSet>(std::move(parsed));
  log::Info("jwks_changed", {{"issuer", issuer_}, {"keys", keys->keys().size()}, {"skipped", keys->skipped()}});
  const MutexLock lock(mutex_);
  text_ = text;
  current_ = {std::move(keys), current_.generation + 1};
  generation_.store(current_.generation, std::memory_order_release);
  return Ok();
}

void JwksSource::Note(const Status& outcome) {
  const std::string error = outcome.ok() ? "" : outcome.error().ToString();
  const MutexLock lock(mutex_);
  loaded_at_ = std::chrono::steady_clock::now();
  failures_ = outcome.ok() ? 0 : failures_ + 1;
  // One line when the state changes, not one a second while it lasts.
  if (!error.empty() && error != error_) {
    log::Warning("jwks_refresh_failed",
                 {{"issuer", issuer_}, {"error", error}, {"keys_in_hand", current_.keys != nullptr}});
  }
  if (error.empty() && !error_.empty()) log::Warning("jwks_refresh_recovered", {{"issuer", issuer_}});
  error_ = error;
}

milliseconds JwksSource::Pause() const {
  if (failures_ == 0) return Jittered(refresh_.interval);
  const int doublings = std::min(failures_ - 1, 16);
  return std::min({refresh_.first_retry * (1 << doublings), refresh_.last_retry, refresh_.interval});
}

void JwksSource::WaitForTurn(const std::stop_token& stop) {
  const MutexLock lock(mutex_);
  const Deadline regular = loaded_at_ + Pause();
  while (!stop.stop_requested()) {
    const Deadline due = wanted_ ? std::min(regular, loaded_at_ + refresh_.on_demand) : regular;
    if (std::chrono::steady_clock::now() >= due) return;
    changed_.WaitUntil(mutex_, due);
  }
}

}  // namespace rootkeep::jose
