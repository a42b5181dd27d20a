#include "tools/relay/ca_connection.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "keystore/base/guard.h"
#include "signer/client/channel.h"

namespace rootkeep::relay {
namespace {

// After which a lost connection is made again at the latest, and a stop is seen.
constexpr std::chrono::milliseconds kPeriod{200};

void Wait(const std::stop_token& stop) {
  std::condition_variable_any wake;
  std::mutex mutex;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, kPeriod, [] { return false; });
}

}  // namespace

CaConnection::CaConnection(Options options, Observer& observer)
    : options_(std::move(options)), observer_(observer), keeper_([this](const std::stop_token& stop) { Keep(stop); }) {}

Status CaConnection::Show(const NodeIdentity& identity) {
  RK_TRY(auto channel, OpenChannel({.address = options_.address,
                                    .root_pem = identity.ca_roots_pem,
                                    .server_name = options_.server_name,
                                    .certificate_chain_pem = identity.chain_pem,
                                    .private_key_pem = SecretBytes(identity.key_pem),
                                    .stays = true}));
  auto stub = std::make_shared<grpc::GenericStub>(channel);
  const MutexLock lock(mutex_);
  channel_ = std::move(channel);
  route_ = {.stub = std::move(stub), .until = identity.not_after};
  return Ok();
}

CaRoute CaConnection::Route() const {
  const MutexLock lock(mutex_);
  return route_;
}

std::shared_ptr<grpc::Channel> CaConnection::Channel() const {
  const MutexLock lock(mutex_);
  return channel_;
}

void CaConnection::Keep(const std::stop_token& stop) {
  std::optional<bool> told;
  const auto tell = [&](bool reached) {
    if (std::exchange(told, reached) != reached) observer_.CaReached(reached);
  };
  while (!stop.stop_requested()) {
    RunGuarded("relay_exception", [&] {
      const auto channel = Channel();
      if (channel == nullptr) return;
      const auto state = channel->GetState(/*try_to_connect=*/true);
      if (state == GRPC_CHANNEL_READY) tell(true);
      if (state == GRPC_CHANNEL_TRANSIENT_FAILURE) tell(false);
    });
    Wait(stop);
  }
}

}  // namespace rootkeep::relay
