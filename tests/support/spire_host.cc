#include "tests/support/spire_host.h"

#include <fcntl.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/impl/codegen/client_unary_call.h>
#include <grpcpp/security/credentials.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "proto/spire/config.grpc.pb.h"
#include "proto/spire/go_plugin/controller.grpc.pb.h"
#include "proto/spire/init.pb.h"
#include "tests/support/eventually.h"

namespace rootkeep::testing {
namespace {

using ::spire::service::common::config::v1::Config;

constexpr int kHandshakeMs = 30'000;

// One octet at a time, so that nothing after the line is taken.
std::string ReadLine(int pipe) {
  std::string line;
  pollfd watched{pipe, POLLIN, 0};
  char octet = 0;
  while (poll(&watched, 1, kHandshakeMs) == 1 && read(pipe, &octet, 1) == 1 && octet != '\n') line.push_back(octet);
  return octet == '\n' ? line : "";
}

pid_t Spawn(const std::string& program, const std::string& type, int output, const TempDir& directory) {
  std::vector<std::string> argv = {"setpriv", "--pdeathsig", "KILL", program};
  std::vector<char*> words;
  for (std::string& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  std::string cookie = type + "=" + type;
  std::string versions = "PLUGIN_PROTOCOL_VERSIONS=1";
  std::string place = "TMPDIR=" + directory.path();
  std::vector<char*> environment = {cookie.data(), versions.data(), place.data()};
  for (char** each = environ; *each != nullptr; ++each) environment.push_back(*each);
  environment.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (directory / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                   0600);
  pid_t pid = -1;
  if (posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), environment.data()) != 0) {
    std::fprintf(stderr, "SpireHost fixture: cannot run setpriv\n");
    std::abort();
  }
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

template <typename Request, typename Response>
grpc::Status CallInit(grpc::Channel& channel, const char* method, const Request& request, Response& response) {
  PluginCall call;
  const grpc::internal::RpcMethod called(method, grpc::internal::RpcMethod::NORMAL_RPC);
  return grpc::internal::BlockingUnaryCall(&channel, called, &call, request, &response);
}

template <typename Request>
Request ConfigRequest(const std::string& settings, const std::string& trust_domain) {
  Request request;
  request.mutable_core_configuration()->set_trust_domain(trust_domain);
  request.set_hcl_configuration(settings);
  return request;
}

}  // namespace

SpireHost::SpireHost(const std::string& program, const std::string& type) {
  int pipe[2];
  if (pipe2(static_cast<int*>(pipe), O_CLOEXEC) != 0) std::abort();
  pid_ = Spawn(program, type, pipe[1], directory_);
  close(pipe[1]);
  output_ = pipe[0];
  handshake_ = ReadLine(output_);
  channel_ = grpc::CreateChannel("unix:" + socket_path(), grpc::InsecureChannelCredentials());
}

SpireHost::~SpireHost() {
  if (Running()) kill(pid_, SIGKILL);
  WaitForEnd();
  close(output_);
}

std::string SpireHost::socket_path() const {
  const std::size_t begin = handshake_.find('/');
  return begin == std::string::npos ? "" : handshake_.substr(begin, handshake_.find('|', begin) - begin);
}

std::vector<std::string> SpireHost::Init(const std::vector<std::string>& host_services) {
  rootkeep::spire::init::v1::InitRequest request;
  for (const std::string& name : host_services) request.add_host_service_names(name);
  rootkeep::spire::init::v1::InitResponse response;
  (void)CallInit(*channel_, "/spire.service.private.init.v1.Init/Init", request, response);
  return {response.plugin_service_names().begin(), response.plugin_service_names().end()};
}

grpc::Status SpireHost::Deinit() {
  rootkeep::spire::init::v1::DeinitResponse response;
  return CallInit(*channel_, "/spire.service.private.init.v1.Init/Deinit", rootkeep::spire::init::v1::DeinitRequest(),
                  response);
}

grpc::Status SpireHost::Configure(const std::string& settings, const std::string& trust_domain) {
  PluginCall call;
  ::spire::service::common::config::v1::ConfigureResponse response;
  const auto request = ConfigRequest<::spire::service::common::config::v1::ConfigureRequest>(settings, trust_domain);
  return Config::NewStub(channel_)->Configure(&call, request, &response);
}

::spire::service::common::config::v1::ValidateResponse SpireHost::Validate(const std::string& settings,
                                                                           const std::string& trust_domain) {
  PluginCall call;
  ::spire::service::common::config::v1::ValidateResponse response;
  const auto request = ConfigRequest<::spire::service::common::config::v1::ValidateRequest>(settings, trust_domain);
  (void)Config::NewStub(channel_)->Validate(&call, request, &response);
  return response;
}

grpc::Status SpireHost::Shutdown() {
  PluginCall call;
  ::plugin::Empty response;
  const grpc::Status status =
      ::plugin::GRPCController::NewStub(channel_)->Shutdown(&call, ::plugin::Empty(), &response);
  channel_.reset();
  return status;
}

bool SpireHost::Running() {
  if (pid_ < 0) return false;
  int status = 0;
  const pid_t ended = waitpid(pid_, &status, WNOHANG);
  if (ended == 0 || (ended < 0 && errno == EINTR)) return true;
  status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  pid_ = -1;
  return false;
}

SpireHost::End SpireHost::WaitForEnd(std::chrono::milliseconds limit) {
  const auto begin = std::chrono::steady_clock::now();
  if (!Eventually([this] { return !Running(); }, limit)) return {};
  return {.status = status_,
          .after = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin)};
}

std::string SpireHost::Log() const {
  std::ostringstream text;
  text << std::ifstream(directory_ / "log").rdbuf();
  return text.str();
}

std::string SpireHost::LaterOutput() const {
  std::string text;
  pollfd watched{output_, POLLIN, 0};
  char octet = 0;
  while (poll(&watched, 1, 0) == 1 && read(output_, &octet, 1) == 1) text.push_back(octet);
  return text;
}

}  // namespace rootkeep::testing
