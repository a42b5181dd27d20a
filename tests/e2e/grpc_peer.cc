// Both sides of mutual TLS in gRPC, as any program uses it: certificate and key are what stands in two files.
// tests/e2e/provider_peer.h says how it is spoken with; a fourth word of a line is another server to connect to. It
// serves on the socket COMMANDS.served too, for other clients.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

namespace {

std::string Slurp(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A channel of its own, so that each has a handshake.
bool Connect(const std::shared_ptr<grpc::ChannelCredentials>& credentials, const std::string& target) {
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride("localhost");
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto channel = grpc::CreateCustomChannel(target, credentials, arguments);
  // Not WaitForConnected, which tries again after a failure: one failure is an answer too.
  const auto deadline = std::chrono::system_clock::now() + std::chrono::seconds(20);
  for (auto state = channel->GetState(true); state != GRPC_CHANNEL_READY; state = channel->GetState(true)) {
    if (state == GRPC_CHANNEL_TRANSIENT_FAILURE || !channel->WaitForStateChange(state, deadline)) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const std::string roots = Slurp(argv[3]);
  grpc::SslServerCredentialsOptions server_options(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  server_options.pem_root_certs = roots;
  server_options.pem_key_cert_pairs.push_back({Slurp(argv[2]), Slurp(argv[1])});
  grpc::CallbackGenericService service;  // refuses all calls; a server has to have one
  grpc::ServerBuilder builder;
  builder.RegisterCallbackGenericService(&service);
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(server_options), &port);
  builder.AddListeningPort("unix:" + std::string(argv[4]) + ".served", grpc::SslServerCredentials(server_options));
  const auto server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  std::map<std::string, std::shared_ptr<grpc::ChannelCredentials>> known;
  std::ifstream commands(argv[4]);
  for (std::string line; std::getline(commands, line);) {
    std::istringstream words(line);
    std::string version, cert, key;  // the version is gRPC's choice
    std::string target = "127.0.0.1:" + std::to_string(port);
    words >> version >> cert >> key >> target;
    auto& credentials = known[cert + key];
    if (credentials == nullptr) {
      credentials =
          grpc::SslCredentials({.pem_root_certs = roots, .pem_private_key = Slurp(key), .pem_cert_chain = Slurp(cert)});
    }
    std::puts(Connect(credentials, target) ? "done" : "failed");
    std::fflush(stdout);
  }
  server->Shutdown();
  return 0;
}
