// rootkeep-spire-upstreamauthority under SPIRE's side of it, with the calls that spire-server makes.
#pragma once

#include <grpcpp/support/sync_stream.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "keystore/base/clock.h"
#include "proto/spire/upstreamauthority.grpc.pb.h"
#include "tests/support/spire_host.h"

namespace rootkeep::testing {

namespace upstream = ::spire::plugin::server::upstreamauthority::v1;

// One open call; a test reads what comes on it.
template <typename Response>
struct PluginStream {
  std::unique_ptr<PluginCall> call = std::make_unique<PluginCall>();
  std::unique_ptr<grpc::ClientReader<Response>> reader;

  // None when it has ended.
  std::optional<Response> Next() {
    Response response;
    if (!reader->Read(&response)) return std::nullopt;
    return response;
  }
  // Reads what is left.
  grpc::Status End() {
    while (Next()) {
    }
    return reader->Finish();
  }
  grpc::Status Cancel() {
    call->TryCancel();
    return End();
  }
};

class UpstreamPlugin {
 public:
  using Mint = PluginStream<upstream::MintX509CAResponse>;
  using Publish = PluginStream<upstream::PublishJWTKeyResponse>;
  using LocalBundle = PluginStream<upstream::SubscribeToLocalBundleResponse>;

  explicit UpstreamPlugin(const std::string& program) : host(program, "UpstreamAuthority") {}

  Mint OpenMint(const std::string& csr = "csr", std::int32_t ttl = 0) {
    upstream::MintX509CARequest request;
    request.set_csr(csr);
    request.set_preferred_ttl(ttl);
    Mint stream;
    stream.reader = Stub()->MintX509CAAndSubscribe(stream.call.get(), request);
    return stream;
  }
  // Of a key that expires in an hour.
  Publish OpenPublish(const std::string& id, const std::string& key) {
    upstream::PublishJWTKeyRequest request;
    request.mutable_jwt_key()->set_key_id(id);
    request.mutable_jwt_key()->set_public_key(key);
    request.mutable_jwt_key()->set_expires_at(ToUnixSeconds(std::chrono::system_clock::now()) + 3600);
    Publish stream;
    stream.reader = Stub()->PublishJWTKeyAndSubscribe(stream.call.get(), request);
    return stream;
  }
  LocalBundle OpenLocalBundle() {
    LocalBundle stream;
    stream.reader = Stub()->SubscribeToLocalBundle(stream.call.get(), {});
    return stream;
  }

  SpireHost host;

 private:
  [[nodiscard]] std::unique_ptr<upstream::UpstreamAuthority::Stub> Stub() const {
    return upstream::UpstreamAuthority::NewStub(host.channel());
  }
};

// Roots of a response, a tainted one with "!".
template <typename Response>
std::vector<std::string> RootsOf(const std::optional<Response>& response) {
  std::vector<std::string> roots;
  if (!response) return {"(the stream has ended)"};
  for (const auto& root : response->upstream_x509_roots()) roots.push_back((root.tainted() ? "!" : "") + root.asn1());
  return roots;
}

// Its keys, as id=key.
template <typename Response>
std::vector<std::string> KeysOf(const std::optional<Response>& response) {
  std::vector<std::string> keys;
  if (!response) return {"(the stream has ended)"};
  for (const auto& key : response->upstream_jwt_keys()) keys.push_back(key.key_id() + "=" + key.public_key());
  return keys;
}

}  // namespace rootkeep::testing
