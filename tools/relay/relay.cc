#include "tools/relay/relay.h"

#include <grpcpp/grpcpp.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "signer/rpc/listener_limits.h"

namespace rootkeep::relay {
namespace {

constexpr std::size_t kMaxMemory = std::size_t{64} << 20;
constexpr unsigned kReloadSeconds = 1;
constexpr int kConnectionAgeMs = 30 * 60 * 1000;

std::shared_ptr<grpc::ServerCredentials> Credentials(const std::string& key_path, const std::string& chain_path) {
  namespace tls = grpc::experimental;
  tls::TlsServerCredentialsOptions options(
      std::make_shared<tls::FileWatcherCertificateProvider>(key_path, chain_path, kReloadSeconds));
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  return tls::TlsServerCredentials(options);
}

}  // namespace

Relay::Relay(RelayOptions options, Observer& observer, const Clock& clock)
    : options_(std::move(options)), observer_(observer), clock_(clock), ca_(options_.ca, observer) {}

Relay::~Relay() { Drain({}); }

void Relay::Drain(std::chrono::milliseconds patience) {
  const MutexLock lock(mutex_);
  drained_ = true;
  if (door_ != nullptr) door_->Stop();
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + patience);
}

std::vector<int> Relay::ports() const {
  const MutexLock lock(mutex_);
  return door_ == nullptr ? std::vector<int>() : door_->ports();
}

Status Relay::Use(const NodeIdentity& identity) {
  RK_RETURN_IF_ERROR(CheckIdentity(identity));
  const MutexLock lock(mutex_);
  if (drained_) return Ok();
  RK_RETURN_IF_ERROR(ca_.Show(identity));
  return server_ == nullptr ? Listen(identity) : Replace(identity);
}

Status Relay::Replace(const NodeIdentity& identity) {
  // The certificate last: until it is there, handshakes with a key that is not its own fail, and clients try again.
  RK_RETURN_IF_ERROR(shown_->key.Replace(identity.key_pem));
  return shown_->chain.Replace(identity.chain_pem);
}

Status Relay::Listen(const NodeIdentity& identity) {
  RK_TRY(MemoryFile key, MemoryFile::Make("relay-key", identity.key_pem));
  RK_TRY(MemoryFile chain, MemoryFile::Make("relay-chain", identity.chain_pem));
  shown_ = {.key = std::move(key), .chain = std::move(chain)};
  auto door = Door::Open(options_.addresses, options_.clients, options_.connections, observer_);
  if (door.ok()) return Serve(*std::move(door));
  return Error(door.error())
      .WithCode(Code::kUnavailable)
      .WithHint("is it an address of this host, and free? ss -ltnp shows who has it");
}

Status Relay::Serve(std::unique_ptr<Door> door) {
  grpc::ServerBuilder builder;
  SetListenerLimits(builder, kMaxMemory);
  // So that nobody keeps a place for ever, and who needs none for long at all; clients connect again.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, static_cast<int>(options_.idle.count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, static_cast<int>(options_.longest.count()));
  service_ = std::make_unique<Service>(Service::Limits{.max_calls = options_.max_calls, .longest = options_.longest},
                                       ca_, observer_, clock_);
  builder.RegisterCallbackGenericService(service_.get());
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      Credentials(shown_->key.path(), shown_->chain.path()));
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return Unavailable("grpc: a server for the relay could not be started");
  const Status served = door->Serve([acceptor = acceptor_.get()](Fd connection) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
    parameters.fd = connection.Release();
    acceptor->HandleNewConnection(&parameters);
  });
  if (!served.ok()) {
    server_.reset();
    return served;
  }
  door_ = std::move(door);
  return Ok();
}

}  // namespace rootkeep::relay
