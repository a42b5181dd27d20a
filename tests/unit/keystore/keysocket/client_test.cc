#include "keystore/keysocket/wire/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/fake_agent.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace rootkeep::keysocket {
namespace {

using std::chrono::milliseconds;

WireDeadline In(milliseconds wait) { return std::chrono::steady_clock::now() + wait; }
WireDeadline Soon() { return In(std::chrono::seconds(30)); }

std::size_t OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

class KeySocketClient : public ::testing::Test {
 protected:
  void Serve(FakeAgent::Answer answer = &FakeAgent::Sign, std::uint16_t version = kHighestVersion) {
    agent.emplace(path, std::move(answer), version);
  }
  bool Sign(std::string_view input = "abc", WireDeadline deadline = Soon()) {
    return client.Sign({.input = OctetsOf(input)}, deadline, signature, why);
  }

  const testing::TempDir directory;
  const std::string path = directory / "s";
  std::optional<FakeAgent> agent;
  Client client{path, {.reconnect_wait = milliseconds(200)}};
  Signature signature;
  Failure why;
};

TEST_F(KeySocketClient, SignsInOneRoundTripOnOneConnection) {
  Serve();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Sign()) << why.message.view();
    EXPECT_EQ(TextOf(signature.view()), "cba");
  }
  EXPECT_EQ(signature.concurrency, 3U);
  EXPECT_EQ(signature.queued_ns, 7U);
  EXPECT_EQ(agent->connections(), 1);
  EXPECT_EQ(agent->requests(), 5);
}

TEST_F(KeySocketClient, SendsAsMuchAsASignatureMayBeAskedFor) {
  Serve([](const Request& request) {
    const auto size = std::get<SignCall>(request.call).input.size();
    return FakeAgent::Octets({request.number, SignReply{.signature = OctetsOf(std::to_string(size))}});
  });
  const std::string most(kMaxInput, 'x');
  ASSERT_TRUE(Sign(most)) << why.message.view();
  EXPECT_EQ(TextOf(signature.view()), "65536");
  EXPECT_FALSE(Sign(most + "x"));
  EXPECT_EQ(why.code, FailureCode::kInvalidArgument);
}

TEST_F(KeySocketClient, EachThreadHasAConnectionAndNoneIsLeftOver) {
  Serve();
  const std::size_t before = OpenFiles();
  std::atomic<int> good{0};
  for (int round = 0; round < 3; ++round) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        Signature mine;
        Failure reason;
        const std::string input(static_cast<std::size_t>(i + 1), static_cast<char>('a' + i));
        for (int j = 0; j < 100; ++j) {
          const bool ok = client.Sign({.input = OctetsOf(input)}, Soon(), mine, reason);
          good += ok && TextOf(mine.view()) == input ? 1 : 0;
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(good, 2400);
  EXPECT_LE(agent->connections(), 24);
  // Both ends of each are in this process.
  EXPECT_LE(OpenFiles(), before + 2 * 24);
  agent.reset();
}

TEST_F(KeySocketClient, GoesOnWithAnAgentThatWasRestarted) {
  Serve();
  ASSERT_TRUE(Sign());
  agent.reset();
  Serve();
  EXPECT_TRUE(Sign()) << why.message.view();
  EXPECT_EQ(agent->connections(), 1);
}

TEST_F(KeySocketClient, WaitsForAnAgentThatIsBeingRestarted) {
  std::optional<Fd> dying(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(dying->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(dying->get(), 8), 0);
  Client patient(path, {.reconnect_wait = std::chrono::seconds(30)});
  std::thread caller([&] { EXPECT_TRUE(patient.Sign({.input = OctetsOf("abc")}, Soon(), signature, why)); });
  // It has come too early for the next one, and for this one too late.
  {
    const Fd early(accept4(dying->get(), nullptr, nullptr, SOCK_CLOEXEC));
  }
  dying.reset();
  ASSERT_EQ(unlink(path.c_str()), 0);
  Serve();
  caller.join();
}

TEST_F(KeySocketClient, WaitsNoLongerThanItMay) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(Sign());
  EXPECT_EQ(why.reason.view(), kReasonAgentDown);
  EXPECT_EQ(why.code, FailureCode::kUnavailable);
  EXPECT_EQ(why.native_name.view(), "ENOENT");
  EXPECT_EQ(why.message.view(), "key socket " + path + ": connect: No such file or directory");
  EXPECT_FALSE(Sign("abc", In(milliseconds(20))));
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST_F(KeySocketClient, SendsNothingAfterTheDeadline) {
  Serve();
  EXPECT_FALSE(Sign("abc", std::chrono::steady_clock::now()));
  EXPECT_EQ(why.reason.view(), kReasonDeadline);
  EXPECT_EQ(agent->connections(), 0);
}

TEST_F(KeySocketClient, GivesUpOnAnAgentThatDoesNotAnswer) {
  std::atomic<bool> end = false;
  Serve([&end](const Request&) {
    EXPECT_TRUE(testing::Eventually([&end] { return end.load(); }));
    return std::vector<std::uint8_t>{};
  });
  EXPECT_FALSE(Sign("abc", In(milliseconds(50))));
  EXPECT_EQ(why.reason.view(), kReasonAgentTimeout);
  end = true;
  agent.reset();  // uses `end`
}

TEST_F(KeySocketClient, TakesNoAnswerToAnotherCall) {
  Serve([](const Request& request) {
    Request other = request;
    ++other.number;
    return FakeAgent::Sign(other);
  });
  EXPECT_FALSE(Sign());
  EXPECT_EQ(why.reason.view(), kReasonAgentBroken);
  EXPECT_FALSE(Sign());
  EXPECT_EQ(agent->connections(), 2) << "what was out of step is not used again";
}

TEST_F(KeySocketClient, TakesNothingThatIsNoMessage) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{500}, kMaxShortReply + 1, std::size_t{100'000}}) {
    Serve([size](const Request&) { return std::vector<std::uint8_t>(size, 0xff); });
    EXPECT_FALSE(Sign()) << size;
    EXPECT_EQ(why.reason.view(), kReasonAgentBroken) << size;
    agent.reset();
  }
}

TEST_F(KeySocketClient, PassesOnWhatTheAgentSays) {
  Serve([](const Request& request) {
    Failure failure;
    failure.code = FailureCode::kFailedPrecondition;
    failure.reason = std::string_view("pin_latched");
    failure.message = std::string_view("the PIN was refused");
    return FakeAgent::Octets({request.number, failure});
  });
  EXPECT_FALSE(Sign());
  EXPECT_EQ(why.code, FailureCode::kFailedPrecondition);
  EXPECT_EQ(why.reason.view(), "pin_latched");
  EXPECT_EQ(why.message.view(), "key socket " + path + ": the PIN was refused");
  EXPECT_EQ(agent->requests(), 1) << "a refusal is not asked for twice";
}

TEST_F(KeySocketClient, SaysSoWhenThereIsNoVersionInCommon) {
  Serve(&FakeAgent::Sign, kHighestVersion + 1);
  EXPECT_FALSE(Sign());
  EXPECT_EQ(why.reason.view(), kReasonAgentVersion);
}

TEST_F(KeySocketClient, AsksForASignatureAgainWhenTheAgentIsLost) {
  std::atomic<int> asked = 0;
  Serve([&asked](const Request& request) {
    return ++asked < 3 ? std::vector<std::uint8_t>{} : FakeAgent::Sign(request);
  });
  EXPECT_TRUE(Sign()) << why.message.view();
  EXPECT_EQ(agent->requests(), 3);
}

TEST_F(KeySocketClient, AsksForAKeyOnlyOnce) {
  Serve([](const Request&) { return std::vector<std::uint8_t>{}; });
  ReplyMemory memory;
  KeyDescription key;
  EXPECT_FALSE(client.Create({.name = "web"}, Soon(), memory, key, why));
  EXPECT_EQ(why.reason.view(), kReasonAgentLost);
  EXPECT_EQ(agent->requests(), 1);
}

TEST_F(KeySocketClient, RefusesAPathThatIsNone) {
  for (const std::string& wrong : {std::string(), std::string("relative"), "/" + std::string(107, 'x')}) {
    Client other(wrong);
    EXPECT_FALSE(other.Probe(Soon(), why)) << wrong;
    EXPECT_EQ(why.code, FailureCode::kInvalidArgument) << wrong;
  }
}

// Other threads are in the middle of calls when each child is made.
TEST_F(KeySocketClient, WorksOnBothSidesOfAFork) {
  Serve();
  ASSERT_TRUE(Sign());
  std::atomic<bool> end = false;
  std::vector<std::thread> threads;
  std::atomic<int> bad = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      Signature mine;
      Failure reason;
      while (!end) {
        const bool ok = client.Sign({.input = OctetsOf("parent")}, Soon(), mine, reason);
        bad += ok && TextOf(mine.view()) == "tnerap" ? 0 : 1;
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      int wrong = 0;
      for (int i = 0; i < 20; ++i) {
        const bool ok = client.Sign({.input = OctetsOf("child")}, Soon(), signature, why);
        wrong += ok && TextOf(signature.view()) == "dlihc" ? 0 : 1;
      }
      _exit(wrong);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  end = true;
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(bad, 0);
}

// What an application would be made to load: libc, and what comes with it.
TEST(KeySocketAlone, NeedsLibcOnly) {
  const auto result = testing::RunProgram({"readelf", "-dW", ROOTKEEP_ALONE});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  std::vector<std::string> needed;
  for (std::size_t at = 0; (at = result.out.find("Shared library: [", at)) != std::string::npos;) {
    at += 17;
    needed.push_back(result.out.substr(at, result.out.find(']', at) - at));
  }
  for (const std::string& library : needed) {
    EXPECT_TRUE(library == "libc.so.6" || library == "libm.so.6" || library.starts_with("ld-linux") ||
                library.starts_with("libasan") || library.starts_with("libubsan") || library.starts_with("libtsan"))
        << library;
  }
  EXPECT_FALSE(needed.empty());
}

}  // namespace
}  // namespace rootkeep::keysocket
