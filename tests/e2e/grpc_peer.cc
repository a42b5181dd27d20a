// Both sides of mutual TLS in gRPC, as any program uses it: certificate and key are what stands in two files. Connects
// ten times, waits for a third file, and connects ten times more.
//
// usage: grpc_peer CERTIFICATE KEY FILE
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/eventually.h"

namespace {

std::string Slurp(const char* path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A channel of its own, so that each has a handshake.
bool Connect(const grpc::SslCredentialsOptions& options, int port) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel =
      grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), grpc::SslCredentials(options), arguments);
  return channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string cert = Slurp(argv[1]);
  const std::string key = Slurp(argv[2]);
  grpc::SslServerCredentialsOptions server_options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  server_options.pem_root_certs = cert;
  server_options.pem_key_cert_pairs.push_back({key, cert});
  grpc::CallbackGenericService service;  // refuses all calls; a server has to have one
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(server_options), &port);
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  const grpc::SslCredentialsOptions options{.pem_root_certs = cert, .pem_private_key = key, .pem_cert_chain = cert};
  for (int i = 1; i <= 20; ++i) {
    if (i == 11 && !rootkeep::testing::Eventually([&] { return std::filesystem::exists(argv[3]); })) return 1;
    if (!Connect(options, port)) return 1;
    std::printf("connected %d\n", i);
    std::fflush(stdout);
  }
  server->Shutdown();
  return 0;
}
