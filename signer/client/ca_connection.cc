#include "signer/client/ca_connection.h"

#include <fmt/format.h>
#include <grpcpp/client_context.h>
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "keystore/base/file.h"
#include "keystore/base/openssl.h"
#include "signer/client/token_file.h"

namespace rootkeep {
namespace {

constexpr std::size_t kMaxCertificates = std::size_t{256} * 1024;

Result<std::string> ReadIfNamed(const std::string& path) {
  if (path.empty()) return std::string();
  return ReadFile(path, kMaxCertificates);
}

bool BelongTogether(const std::string& certificate_pem, const SecretBytes& key_pem) {
  const ByteView key_text = key_pem.RevealForUse();
  const ossl::Bio certificate_bio(BIO_new_mem_buf(certificate_pem.data(), static_cast<int>(certificate_pem.size())));
  const ossl::Bio key_bio(BIO_new_mem_buf(key_text.data(), static_cast<int>(key_text.size())));
  const ossl::Cert certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  // An empty passphrase: nobody is asked for one on a terminal.
  const ossl::PKey key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, const_cast<char*>("")));
  const bool together = certificate && key && X509_check_private_key(certificate.get(), key.get()) == 1;
  ossl::ClearErrors();
  return together;
}

// Whoever could put a socket of their own there would tell us which roots to trust. A directory that is not there yet
// is the daemon's to make.
Status CheckSocketDirectory(const std::string& socket) {
  const std::string directory = socket.substr(0, std::max<std::size_t>(socket.rfind('/'), 1));
  struct stat info{};
  if (stat(directory.c_str(), &info) != 0)
    return errno == ENOENT ? Ok() : Status(ErrnoError("stat " + directory, errno));
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) == 0) return Ok();
  return FailedPrecondition(fmt::format("socket {}: group or others can change {}", socket, directory))
      .WithHint("they could put a socket of their own there; chmod go-w, or another directory");
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
    RK_RETURN_IF_ERROR(CheckSocketDirectory(options_.socket));
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
    if (!BelongTogether(certificate_pem, channel.private_key_pem)) {
      if (channel_ != nullptr) return channel_;  // whoever renews them has written one of the two
      return FailedPrecondition(fmt::format("{} is not the key of {}", options_.key_file, options_.certificate_file));
    }
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
