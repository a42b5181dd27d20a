#include "providers/spire/unary/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/providers/spire/unary/peer.h"

namespace rootkeep::spire::unary {
namespace {

using ::testing::HasSubstr;
using testing::Peer;

constexpr std::string_view kEcho = "/test.Service/Echo";

constexpr std::size_t kBudget = std::size_t{64} << 20;

void Echo(const std::shared_ptr<Call>& call) { call->Finish({}, std::string(call->request())); }

class UnarySession : public ::testing::Test {
 protected:
  UnarySession() {
    answers->BelongToThisThread();
    methods.emplace(kEcho, Method{.handle = Echo});
    methods.emplace("/test.Service/Reads",
                    Method{.handle = [](const auto& call) { call->Finish({}); }, .reads = false});
    methods.emplace("/test.Service/Open",
                    Method{.handle = [](const auto& call) { call->LeaveOpen(); }, .reads = false});
    methods.emplace("/test.Service/Drop", Method{.handle = [](const auto&) {}});
    methods.emplace("/test.Service/Keep", Method{.handle = [this](auto call) { kept.push_back(std::move(call)); }});
    methods.emplace("/test.Service/Refuse", Method{.handle = [](const auto& call) {
                      call->Finish({.code = 5, .text = "no such key\n100%"}, "not to be seen");
                    }});
    methods.emplace("/test.Service/RefuseAtLength", Method{.handle = [](const auto& call) {
                      call->Finish({.code = 5, .text = "no such key " + std::string(call->request())});
                    }});
    methods.emplace("/test.Service/Short", Method{.handle = Echo, .max_message = 100});
    session = Session::Create(methods, answers, budget).value();
  }

  // Until neither side has anything to say.
  void Talk() {
    for (;;) {
      const std::string asked = peer.Pending();
      ASSERT_TRUE(session->Receive(AsBytes(asked)).ok());
      HandleCalls();
      std::string said;
      ASSERT_TRUE(session->AppendPending(said).ok());
      ASSERT_TRUE(peer.Take(said));
      if (asked.empty() && said.empty()) return;
    }
  }
  void HandleCalls() {
    for (auto next = session->NextCall(); next.value(); next = session->NextCall()) {
      (*next)->method->handle(std::move((*next)->call));
    }
    std::vector<Answer> ready;
    answers->Take(ready);
    for (Answer& answer : ready) ASSERT_TRUE(session->Submit(std::move(answer)).ok());
  }
  testing::Reply Ask(std::string_view path, std::string_view message = "") {
    const int stream = peer.AskWith(path, message);
    Talk();
    return peer.replies[stream];
  }

  Methods methods;
  const std::shared_ptr<Answers> answers = Answers::Make().value();
  const std::shared_ptr<RequestBudget> budget = std::make_shared<RequestBudget>(kBudget);
  std::unique_ptr<Session> session;
  Peer peer;
  std::vector<std::shared_ptr<Call>> kept;
};

TEST_F(UnarySession, AnswersWithMessageAndStatus) {
  for (const std::string& message : {std::string(), std::string("hello"), std::string(200'000, 'm')}) {
    const testing::Reply reply = Ask(kEcho, message);
    EXPECT_TRUE(reply.ended);
    EXPECT_EQ(reply.code(), "0");
    EXPECT_EQ(reply.headers.at("content-type"), "application/grpc");
    EXPECT_EQ(OnlyMessage(reply.body).value(), message);
  }
  EXPECT_EQ(answers->expected(), 0U);
}

TEST_F(UnarySession, RefusesInTheHandlersWords) {
  const testing::Reply reply = Ask("/test.Service/Refuse");
  EXPECT_TRUE(reply.ended);
  EXPECT_EQ(reply.code(), "5");
  EXPECT_EQ(reply.headers.at("grpc-message"), "no such key%0A100%25");
  EXPECT_EQ(reply.body, "");
}

// nghttp2 does not send headers of more than 64 KiB.
TEST_F(UnarySession, RefusesWhateverTheClientMakesOfTheText) {
  const testing::Reply reply = Ask("/test.Service/RefuseAtLength", std::string(100'000, '\xe9'));
  EXPECT_TRUE(reply.ended);
  EXPECT_EQ(reply.code(), "5");
  EXPECT_THAT(reply.headers.at("grpc-message"), HasSubstr("no such key %E9"));
}

TEST_F(UnarySession, WhatNobodyFinishesHasFailed) {
  EXPECT_EQ(Ask("/test.Service/Drop").code(), "13");
  EXPECT_EQ(answers->expected(), 0U);
}

TEST_F(UnarySession, DoesNotKnowWhatIsNotServed) {
  EXPECT_EQ(Ask("/test.Service/Other").code(), "12");
  EXPECT_EQ(Ask("/").code(), "12");
}

TEST_F(UnarySession, TakesOneMessageACall) {
  const int none = peer.Ask(kEcho, "");
  std::string two;
  AppendMessage(two, "a");
  AppendMessage(two, "b");
  const int both = peer.Ask(kEcho, two);
  Talk();
  EXPECT_EQ(peer.replies[none].code(), "13");
  EXPECT_EQ(peer.replies[both].code(), "13");
}

TEST_F(UnarySession, BoundsARequest) {
  EXPECT_EQ(Ask(kEcho, std::string(kMaxMessage, 'm')).code(), "0");
  const testing::Reply reply = Ask(kEcho, std::string(kMaxMessage + 1, 'm'));
  EXPECT_EQ(reply.code(), "8");
  EXPECT_THAT(reply.headers.at("grpc-message"), HasSubstr("4194304 octets"));
  EXPECT_EQ(Ask(kEcho, "next").code(), "0");
}

TEST_F(UnarySession, BoundsAllRequestsTogether) {
  constexpr std::size_t kFit = kBudget / (kMaxMessage + kPrefixSize);
  std::vector<int> streams;
  for (std::size_t i = 0; i < kFit + 2; ++i) streams.push_back(peer.AskWith(kEcho, std::string(kMaxMessage, 'm')));
  // Taken, and none begun.
  for (std::string asked = peer.Pending(); !asked.empty(); asked = peer.Pending()) {
    ASSERT_TRUE(session->Receive(AsBytes(asked)).ok());
    std::string said;
    ASSERT_TRUE(session->AppendPending(said).ok());
    ASSERT_TRUE(peer.Take(said));
  }
  Talk();
  const auto refused = std::ranges::count_if(streams, [this](int id) { return peer.replies[id].code() == "8"; });
  const auto answered = std::ranges::count_if(streams, [this](int id) { return peer.replies[id].code() == "0"; });
  EXPECT_GE(refused, 1);
  EXPECT_EQ(static_cast<std::size_t>(refused + answered), streams.size());
  EXPECT_EQ(Ask(kEcho, std::string(kMaxMessage, 'm')).code(), "0");
}

TEST_F(UnarySession, BoundsWhatCallsUnderWayHold) {
  std::string code;
  std::size_t asked = 0;
  for (; code.empty() && asked < 100; ++asked) {
    const int stream = peer.AskWith("/test.Service/Keep", std::string(kMaxMessage, 'm'));
    Talk();
    code = peer.replies[stream].code();
    peer.Cancel(stream);  // which frees nothing yet
    Talk();
  }
  EXPECT_EQ(code, "8");
  EXPECT_LE(kept.size() * kMaxMessage, kBudget);
  EXPECT_EQ(Ask(kEcho, std::string(kMaxMessage, 'm')).code(), "8");
  kept.clear();
  Talk();
  EXPECT_EQ(Ask(kEcho, std::string(kMaxMessage, 'm')).code(), "0");
  session.reset();
  EXPECT_EQ(budget->taken(), 0U);
}

TEST_F(UnarySession, BoundsARequestAsItsMethodSays) {
  EXPECT_EQ(Ask("/test.Service/Short", std::string(100, 'm')).code(), "0");
  EXPECT_EQ(Ask("/test.Service/Short", std::string(101, 'm')).code(), "8");
}

TEST_F(UnarySession, RefusesBeforeTheClientHasSentAll) {
  for (const auto& [path, size, code] :
       {std::tuple("/test.Service/Other", 0U, "12"), {"/test.Service/Short", 200U, "8"}}) {
    const int stream = peer.Ask(path, std::string(size, 'm'), /*whole=*/false);
    Talk();
    EXPECT_TRUE(peer.replies[stream].ended) << path;
    EXPECT_EQ(peer.replies[stream].code(), code) << path;
  }
  EXPECT_EQ(Ask(kEcho, "next").code(), "0");
}

TEST_F(UnarySession, RefusesByHttpWhatIsNoRequestOfGrpcs) {
  for (const auto& [saying, status] : {std::pair(testing::Saying{.method = "GET"}, "405"),
                                       {{.method = "GET", .content_type = ""}, "405"},
                                       {{.method = "post"}, "405"},
                                       {{.content_type = ""}, "415"},
                                       {{.content_type = "text/html"}, "415"},
                                       {{.content_type = "application/grpc-web"}, "415"}}) {
    for (const bool whole : {true, false}) {
      for (const std::string_view path : {kEcho, std::string_view("/test.Service/Other")}) {
        const int stream = peer.Ask(path, "m", whole, saying);
        Talk();
        const testing::Reply& reply = peer.replies[stream];
        EXPECT_TRUE(reply.ended) << status;
        EXPECT_EQ(reply.headers.at(":status"), status);
        EXPECT_EQ(reply.headers.contains("allow"), reply.headers.at(":status") == "405");
        EXPECT_EQ(reply.code(), "") << "for clients of gRPC's only";
      }
    }
  }
  EXPECT_EQ(Ask(kEcho, "next").code(), "0");
}

TEST_F(UnarySession, TakesEveryContentTypeOfGrpcs) {
  for (const std::string type : {"application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8"}) {
    const int stream = peer.AskWith(kEcho, "m", {.content_type = type});
    Talk();
    EXPECT_EQ(peer.replies[stream].headers[":status"], "200") << type;
    EXPECT_EQ(peer.replies[stream].code(), "0") << type;
  }
}

TEST_F(UnarySession, OwesWhatIsNotTaken) {
  EXPECT_FALSE(session->owes());
  const int half = peer.Ask("/test.Service/Keep", "m", /*whole=*/false);
  peer.AskWith("/test.Service/Open", "");
  Talk();
  EXPECT_TRUE(session->owes());
  peer.Cancel(half);
  Talk();
  EXPECT_FALSE(session->owes());
}

TEST_F(UnarySession, DropsWhatNobodyReads) {
  const int stream = peer.Ask("/test.Service/Reads", std::string(2 * kMaxMessage, 'x'));
  Talk();
  EXPECT_EQ(peer.replies[stream].code(), "0");
  EXPECT_EQ(peer.replies[stream].body, "");
}

TEST_F(UnarySession, LeavesAStreamOpenUntilThePeerEndsIt) {
  const int stream = peer.AskWith("/test.Service/Open", "");
  Talk();
  EXPECT_FALSE(peer.replies[stream].ended);
  EXPECT_EQ(answers->expected(), 0U);
  peer.Cancel(stream);
  EXPECT_EQ(Ask(kEcho, "next").code(), "0");
}

TEST_F(UnarySession, DropsTheAnswerToACallThatIsGone) {
  const int stream = peer.AskWith("/test.Service/Keep", "m");
  Talk();
  ASSERT_EQ(kept.size(), 1U);
  peer.Cancel(stream);
  Talk();
  kept[0]->Finish({}, "too late");
  Talk();
  EXPECT_EQ(peer.replies[stream].body, "");
  EXPECT_EQ(answers->expected(), 0U);
}

TEST_F(UnarySession, DoesNotBeginACallThatIsGone) {
  const int stream = peer.AskWith("/test.Service/Keep", "m");
  std::string asked = peer.Pending();
  peer.Cancel(stream);
  asked += peer.Pending();
  ASSERT_TRUE(session->Receive(AsBytes(asked)).ok());
  HandleCalls();
  EXPECT_TRUE(kept.empty());
}

TEST_F(UnarySession, TellsACallThatItsClientHasGone) {
  const int ended = peer.AskWith("/test.Service/Keep", "m");
  peer.AskWith("/test.Service/Keep", "m");
  Talk();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_FALSE(kept[0]->Over());
  peer.Cancel(ended);
  Talk();
  ASSERT_TRUE(kept[0]->Over());
  EXPECT_EQ(kept[0]->Over()->code, 1);
  EXPECT_FALSE(kept[1]->Over());
  session.reset();
  ASSERT_TRUE(kept[1]->Over());
  EXPECT_EQ(kept[1]->Over()->code, 1);
}

TEST_F(UnarySession, TellsACallHowLongItsClientWaits) {
  peer.AskWith("/test.Service/Keep", "m");
  peer.AskWith("/test.Service/Keep", "m", {.timeout = "3H"});
  Talk();
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0]->interest().until, Deadline::max());
  EXPECT_GT(kept[1]->interest().until, After(std::chrono::hours(2)));
  EXPECT_LE(kept[1]->interest().until, After(std::chrono::hours(3)));
}

TEST_F(UnarySession, TellsACallWhenItHadCome) {
  peer.AskWith("/test.Service/Keep", "m");
  const std::string asked = peer.Pending();
  const Deadline before = std::chrono::steady_clock::now();
  ASSERT_TRUE(session->Receive(AsBytes(asked)).ok());
  const Deadline after = std::chrono::steady_clock::now();
  HandleCalls();
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_GE(kept[0]->interest().came, before);
  EXPECT_LE(kept[0]->interest().came, after) << "not when it was begun";
}

TEST_F(UnarySession, BeginsNoCallWhoseTimeIsOverOrUnknown) {
  const int over = peer.AskWith("/test.Service/Keep", "m", {.timeout = "1n"});
  const int unknown = peer.AskWith("/test.Service/Keep", "m", {.timeout = "soon"});
  Talk();
  EXPECT_TRUE(kept.empty());
  EXPECT_EQ(peer.replies[over].code(), "4");
  EXPECT_EQ(peer.replies[unknown].code(), "13");
}

TEST_F(UnarySession, AnswersAPingInItsTime) {
  peer.Ping();
  Talk();
  EXPECT_EQ(Ask(kEcho, "m").code(), "0");
  ASSERT_TRUE(session->due());
  EXPECT_LE(*session->due(), After(Session::kPingPatience));
  EXPECT_EQ(peer.pongs, 0);
  while (std::chrono::steady_clock::now() < *session->due()) std::this_thread::yield();
  Talk();
  EXPECT_EQ(peer.pongs, 1);
  EXPECT_FALSE(session->due());
}

TEST_F(UnarySession, AnswersEveryPing) {
  for (int i = 0; i < 3; ++i) peer.Ping();
  Talk();
  EXPECT_EQ(peer.pongs, 2);
  EXPECT_TRUE(session->due());
}

TEST_F(UnarySession, BeginsNoCallAtItsEnd) {
  const int before = peer.AskWith("/test.Service/Keep", "m");
  Talk();
  ASSERT_TRUE(session->EndSoon().ok());
  Talk();
  EXPECT_TRUE(peer.told_to_go);
  kept[0]->Finish({}, "answered");
  Talk();
  EXPECT_EQ(peer.replies[before].code(), "0");
}

TEST_F(UnarySession, RefusesWhatIsNotHttp2) { EXPECT_FALSE(session->Receive(AsBytes("GET / HTTP/1.1\r\n\r\n")).ok()); }

}  // namespace
}  // namespace rootkeep::spire::unary
