#include "keystore/keysocket/server/rules.h"

#include "tests/support/matchers.h"

namespace rootkeep::keysocket {
namespace {

constexpr Caller kAlice{.pid = 1, .uid = 1000, .gid = 1000};
constexpr Caller kBob{.pid = 2, .uid = 1001, .gid = 1001};

SocketOptions Socket() {
  SocketOptions socket;
  socket.name = "s";
  socket.grants = {{.users = {1000}, .groups = {}, .keys = {{"one", KeyUse::kApp, "web-*"}}, .may_create = true},
                   {.users = {}, .groups = {1001}, .keys = {{"", KeyUse::kNode, "n"}}, .may_create = false}};
  return socket;
}

TEST(KeySocketRules, AGrantIsForItsCallersItsTokenItsUseAndItsNames) {
  const SocketOptions socket = Socket();
  EXPECT_TRUE(MayUse(socket, kAlice, "one", KeyUse::kApp, "web-1"));
  EXPECT_TRUE(MayUse(socket, kAlice, "one", KeyUse::kApp, "web-"));
  EXPECT_FALSE(MayUse(socket, kAlice, "one", KeyUse::kApp, "web"));
  EXPECT_FALSE(MayUse(socket, kAlice, "two", KeyUse::kApp, "web-1"));
  EXPECT_FALSE(MayUse(socket, kAlice, "one", KeyUse::kNode, "web-1"));
  EXPECT_FALSE(MayUse(socket, kBob, "one", KeyUse::kApp, "web-1"));
  EXPECT_TRUE(MayUse(socket, kBob, "two", KeyUse::kNode, "n"));
  EXPECT_FALSE(MayUse(socket, kBob, "two", KeyUse::kNode, "n1"));
  EXPECT_FALSE(MayUse(socket, kAlice, "two", KeyUse::kNode, "n"));
  EXPECT_TRUE(Concerns(socket, kBob, "two"));
  EXPECT_FALSE(Concerns(socket, kAlice, "two"));
  EXPECT_FALSE(IsKnown(socket, {.pid = 3, .uid = 5, .gid = 5}));
}

// Whatever the grants say: a socket that came past CheckSocket is still one side of the boundary.
TEST(KeySocketRules, NoGrantReachesAcrossTheBoundary) {
  SocketOptions socket;
  for (const KeyUse use : {KeyUse::kRootkeepCa, KeyUse::kLog, KeyUse::kNode, KeyUse::kApp, KeyUse::kForeignCa}) {
    const bool ca = use == KeyUse::kRootkeepCa || use == KeyUse::kLog;
    socket.grants = {{.users = {}, .groups = {}, .keys = {{"", use, "*"}}, .may_create = true}};
    for (const bool ca_socket : {false, true}) {
      socket.ca_service = ca_socket;
      EXPECT_EQ(MayUse(socket, kAlice, "one", use, "x"), ca == ca_socket) << KeyUseName(use);
      EXPECT_EQ(MayCreate(socket, kAlice, {.use = use, .name = "x"}, {"one"}).has_value(), ca == ca_socket);
    }
  }
}

TEST(KeySocketRules, AKeyIsMadeOnTheTokenThatIsMeant) {
  const SocketOptions socket = Socket();
  EXPECT_EQ(MayCreate(socket, kAlice, {.name = "web-1"}, {"one", "two"}), "one");
  EXPECT_EQ(MayCreate(socket, kAlice, {.name = "mail"}, {"one"}), std::nullopt);
  EXPECT_EQ(MayCreate(socket, kBob, {.use = KeyUse::kNode, .name = "n"}, {"one"}), std::nullopt) << "may only use it";
  SocketOptions any = socket;
  any.grants[1].may_create = true;
  EXPECT_EQ(MayCreate(any, kBob, {.use = KeyUse::kNode, .name = "n"}, {"one"}), "one");
  EXPECT_EQ(MayCreate(any, kBob, {.use = KeyUse::kNode, .name = "n"}, {"one", "two"}), std::nullopt) << "which one?";
}

}  // namespace
}  // namespace rootkeep::keysocket
