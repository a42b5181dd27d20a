#include "tools/relay/relay.h"

#include <fmt/format.h>
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
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now() + patience);
}

std::vector<int> Relay::ports() const {
  const MutexLock lock(mutex_);
  return ports_;
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
  std::vector<int> ports(options_.addresses.size());
  grpc::ServerBuilder builder;
  SetListenerLimits(builder, kMaxMemory);
  // Ends calls that say nothing; clients connect again.
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, kConnectionAgeMs);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, static_cast<int>(options_.longest.count()));
  const auto credentials = Credentials(shown_->key.path(), shown_->chain.path());
  for (std::size_t i = 0; i < ports.size(); ++i) {
    builder.AddListeningPort(options_.addresses[i], credentials, &ports[i]);
  }
  const Service::Limits limits{
      .max_calls = options_.max_calls, .longest = options_.longest, .clients = options_.clients};
  service_ = std::make_unique<Service>(limits, ca_, observer_, clock_);
  builder.RegisterCallbackGenericService(service_.get());
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return Unavailable(fmt::format("grpc: could not listen on {}", fmt::join(options_.addresses, ", ")))
        .WithHint("is it an address of this host, and free? ss -ltnp shows who has it");
  }
  ports_ = std::move(ports);
  return Ok();
}

}  // namespace rootkeep::relay
