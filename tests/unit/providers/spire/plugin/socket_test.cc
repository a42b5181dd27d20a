// Who gets in at a plugin's socket, and what is left of it.
#include <grpcpp/grpcpp.h>
#include <grpcpp/server_posix.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "proto/spire/go_plugin/controller.grpc.pb.h"
#include "providers/spire/plugin/door.h"
#include "providers/spire/plugin/private_socket.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::testing {
namespace {

using spire::Door;
using spire::PrivateSocket;

// Whether somebody with this process's user reaches a server behind a door for `user`.
bool Reaches(uid_t user) {
  const TempDir directory;
  auto socket = PrivateSocket::Open(directory.path());
  if (!socket.ok()) return false;
  ::plugin::GRPCController::Service service;
  const std::unique_ptr<grpc::Server> server = grpc::ServerBuilder().RegisterService(&service).BuildAndStart();
  const auto admit = [&server](Fd connection) { grpc::AddInsecureChannelFromFd(server.get(), connection.Release()); };
  const auto door = Door::Open(socket->fd(), user, admit, [] {});
  if (!door.ok()) return false;
  const auto channel = grpc::CreateChannel("unix:" + socket->path(), grpc::InsecureChannelCredentials());
  bool ready = false;
  auto state = channel->GetState(true);
  for (; !ready && state != GRPC_CHANNEL_TRANSIENT_FAILURE; state = channel->GetState(true)) {
    ready = state == GRPC_CHANNEL_READY;
    channel->WaitForStateChange(state, std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  }
  return ready;
}

TEST(PluginSocket, IsForOneUser) {
  EXPECT_TRUE(Reaches(geteuid()));
  EXPECT_FALSE(Reaches(geteuid() + 1));
}

TEST(PluginSocket, RemovesWhatDeadProcessesHaveLeft) {
  const TempDir directory;
  const std::string abandoned = directory / "rootkeep-spire-abcdef";
  std::filesystem::create_directory(abandoned);
  {
    const std::ofstream socket(abandoned + "/plugin.sock");
  }
  const std::string other = directory / "rootkeep-spire-occupied";
  std::filesystem::create_directories(other + "/something");
  const auto living = PrivateSocket::Open(directory.path());
  ASSERT_TRUE(living.ok());
  const auto next = PrivateSocket::Open(directory.path());
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(std::filesystem::exists(abandoned));
  EXPECT_TRUE(std::filesystem::exists(living->path()));
  EXPECT_TRUE(std::filesystem::exists(next->path()));
  EXPECT_TRUE(std::filesystem::exists(other + "/something"));
}

}  // namespace
}  // namespace rootkeep::testing
