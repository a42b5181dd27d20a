#include "signer/client/ca_connection.h"

#include <fmt/format.h>
#include <grpcpp/client_context.h>

#include "keystore/base/file.h"
#include "signer/client/token_file.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxCertificates = std::size_t{256} * 1024;

Result<std::string> ReadIfNamed(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxCertificates);
}

}  // namespace

Status CaConnection::Check() const {
  const CaConnectionOptions& o = options_;
  if (o.socket.empty() == o.address.empty()) return InvalidArgument("one of socket and address is required");
  if (!o.socket.empty()) {
    const bool others = !(o.server_name + o.anchors_file + o.certificate_file + o.key_file + o.token_file).empty();
    if (others) return InvalidArgument("socket goes with no other setting of the connection: it proves the caller");
    if (!o.socket.starts_with('/')) return InvalidArgument("socket is not an absolute path");
    return Ok();
  }
  if (o.anchors_file.empty()) return InvalidArgument("address needs anchors_file");
  if (o.certificate_file.empty() != o.key_file.empty()) {
    return InvalidArgument("certificate_file and key_file go together");
  }
  if (o.certificate_file.empty() && o.token_file.empty()) {
    return InvalidArgument("address needs certificate_file with key_file, or token_file");
  }
  return Ok();
}

Result<std::unique_ptr<CaConnection>> CaConnection::Make(CaConnectionOptions options) {
  std::unique_ptr<CaConnection> connection(new CaConnection(std::move(options)));
  RK_RETURN_IF_ERROR(connection->Check());
  RK_RETURN_IF_ERROR(connection->Channel());
  grpc::ClientContext unused;
  RK_RETURN_IF_ERROR(connection->Authorize(unused));
  return connection;
}

Result<std::shared_ptr<grpc::Channel>> CaConnection::Channel() {
  const MutexLock lock(mutex_);
  if (!options_.socket.empty()) {
    if (channel_ == nullptr) {
      RK_TRY(channel_, OpenLoopbackChannel("unix:" + options_.socket));
    }
    return channel_;
  }
  RK_TRY(std::string root_pem, ReadIfNamed(options_.anchors_file));
  RK_TRY(std::string certificate_pem, ReadIfNamed(options_.certificate_file));
  if (channel_ != nullptr && root_pem == root_pem_ && certificate_pem == certificate_pem_) return channel_;
  ChannelOptions channel{.address = options_.address,
                         .root_pem = root_pem,
                         .server_name = options_.server_name,
                         .certificate_chain_pem = certificate_pem,
                         .stays = true};
  if (!options_.key_file.empty()) {
    RK_TRY(channel.private_key_pem, ReadSecretFile(options_.key_file));
  }
  RK_TRY(channel_, OpenChannel(channel));
  root_pem_ = std::move(root_pem);
  certificate_pem_ = std::move(certificate_pem);
  return channel_;
}

Status CaConnection::Authorize(grpc::ClientContext& context) const {
  if (options_.token_file.empty()) return Ok();
  RK_TRY(const SecretBytes token, ReadTokenFile(options_.token_file));
  context.AddMetadata("authorization", fmt::format("Bearer {}", AsText(token.RevealForUse())));
  return Ok();
}

}  // namespace rootkeep
