// The plugin under SPIRE's side of it, over a daemon that a test scripts.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/spire/upstreamauthority.grpc.pb.h"
#include "tests/support/eventually.h"
#include "tests/support/fake_certificate_authority.h"
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

class UpstreamHost : public ::testing::Test {
 protected:
  using Mint = PluginStream<upstream::MintX509CAResponse>;
  using Publish = PluginStream<upstream::PublishJWTKeyResponse>;
  using LocalBundle = PluginStream<upstream::SubscribeToLocalBundleResponse>;

  [[nodiscard]] std::string Settings(const std::string& more = "") const {
    return "socket = \"" + socket_ + "\"\n" + more;
  }
  void Configure() {
    const grpc::Status status = host.Configure(Settings());
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  [[nodiscard]] std::unique_ptr<upstream::UpstreamAuthority::Stub> Stub() const {
    return upstream::UpstreamAuthority::NewStub(host.channel());
  }

  Mint OpenMint(const std::string& csr = "csr", std::int32_t ttl = 0) {
    upstream::MintX509CARequest request;
    request.set_csr(csr);
    request.set_preferred_ttl(ttl);
    Mint stream;
    stream.reader = Stub()->MintX509CAAndSubscribe(stream.call.get(), request);
    return stream;
  }
  Publish OpenPublish(const std::string& id, const std::string& key) {
    upstream::PublishJWTKeyRequest request;
    request.mutable_jwt_key()->set_key_id(id);
    request.mutable_jwt_key()->set_public_key(key);
    request.mutable_jwt_key()->set_expires_at(4'000'000'000);
    Publish stream;
    stream.reader = Stub()->PublishJWTKeyAndSubscribe(stream.call.get(), request);
    return stream;
  }
  LocalBundle OpenLocalBundle() {
    LocalBundle stream;
    stream.reader = Stub()->SubscribeToLocalBundle(stream.call.get(), {});
    return stream;
  }

  // Roots of a response, a tainted one with "!".
  template <typename Response>
  static std::vector<std::string> RootsOf(const std::optional<Response>& response) {
    std::vector<std::string> roots;
    if (!response) return {"(the stream has ended)"};
    for (const auto& root : response->upstream_x509_roots()) roots.push_back((root.tainted() ? "!" : "") + root.asn1());
    return roots;
  }
  template <typename Response>
  static std::vector<std::string> KeysOf(const std::optional<Response>& response) {
    std::vector<std::string> keys;
    if (!response) return {"(the stream has ended)"};
    for (const auto& key : response->upstream_jwt_keys()) keys.push_back(key.key_id() + "=" + key.public_key());
    return keys;
  }

 private:
  const TempDir directory_;

 protected:
  const std::string socket_ = directory_ / "ca.sock";
  FakeCertificateAuthority ca{socket_};
  SpireHost host{ROOTKEEP_SPIRE_UPSTREAMAUTHORITY, "UpstreamAuthority"};
};

}  // namespace rootkeep::testing
