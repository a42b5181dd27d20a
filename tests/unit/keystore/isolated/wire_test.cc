#include "keystore/isolated/wire/channel.h"
#include "keystore/isolated/wire/messages.h"
#include "tests/support/matchers.h"
#include "tests/support/software_key.h"

namespace rootkeep::isolated {
namespace {

using testing::HasCode;
using testing::IsOk;

KeyInfo Info() {
  return {.uri = {.token_label = "t", .object_label = "rk/app/web/2", .object_id = {1, 2}, .pin_source = {}},
          .label = "rk/app/web/2",
          .id = {1, 2},
          .named = ParseKeyLabel("rk/app/web/2"),
          .public_key = *PublicKey::FromSpki(testing::MakeSpki("P-256")),
          .custody = {.sensitive = true, .extractable = false, .other_usages = "decrypt"},
          .voucher = Voucher::kTokenSoftware,
          .device = {.label = "t", .serial = "1", .manufacturer = "m", .model = "n", .software = true}};
}

Reply Again(const Reply& reply) {
  auto again = DecodeReply(Encode({5, reply}));
  EXPECT_THAT(again, IsOk());
  if (!again.ok()) return Done{};
  EXPECT_EQ(again->number, 5U);
  return std::move(again->reply);
}

TEST(IsolatedWire, AKeyArrivesWhole) {
  const KeyInfo sent = Info();
  const Reply reply = Again(Opened{7, sent});
  const auto& opened = std::get<Opened>(reply);
  EXPECT_EQ(opened.key, 7U);
  EXPECT_EQ(opened.info.uri.Redacted(), sent.uri.Redacted());
  EXPECT_EQ(opened.info.label, sent.label);
  EXPECT_EQ(opened.info.id, sent.id);
  EXPECT_EQ(opened.info.named->name, "web");
  EXPECT_EQ(opened.info.public_key, sent.public_key);
  EXPECT_EQ(opened.info.custody, sent.custody);
  EXPECT_EQ(opened.info.voucher, sent.voucher);
  EXPECT_EQ(opened.info.device.model, "n");
  EXPECT_TRUE(opened.info.device.software);
}

TEST(IsolatedWire, AnErrorArrivesWhole) {
  const Reply reply = Again(Unavailable("C_Sign failed")
                                .WithNative({"CKR", 0x30, "CKR_DEVICE_ERROR"})
                                .WithHint("look at the cable")
                                .WithReason("token_absent")
                                .WithRetryAfter(std::chrono::milliseconds(250)));
  const auto& error = std::get<Error>(reply);
  EXPECT_EQ(error.ToString(), "C_Sign failed (CKR_DEVICE_ERROR 0x30); retry after 250 ms; hint: look at the cable");
  EXPECT_EQ(error.code(), Code::kUnavailable);
  EXPECT_EQ(error.reason(), "token_absent");
  EXPECT_EQ(error.native().domain, "CKR");
  EXPECT_EQ(error.retry_after(), std::chrono::milliseconds(250));
  EXPECT_FALSE(std::get<Error>(Again(Internal("x"))).retry_after());
}

// "Attested" is a verifier's word; a host that says it is not believed.
TEST(IsolatedWire, AHostCannotAttest) {
  KeyInfo info = Info();
  info.voucher = Voucher::kAttested;
  EXPECT_THAT(DecodeReply(Encode({1, Key{std::move(info)}})), HasCode(Code::kInternal));
}

TEST(IsolatedWire, ARequestArrivesWhole) {
  const Deadline deadline = After(std::chrono::seconds(3));
  const auto request = DecodeRequest(Encode({.number = 9,
                                             .deadline = deadline,
                                             .call = SignCall{.key = 3,
                                                              .share = {Priority::kBulk, FlowMark("a caller")},
                                                              .scheme = SignatureScheme::kRsaPssSha384,
                                                              .input = {9}}}));
  ASSERT_THAT(request, IsOk());
  EXPECT_EQ(request->number, 9U);
  EXPECT_EQ(request->deadline, deadline);
  const auto& call = std::get<SignCall>(request->call);
  EXPECT_EQ(call.key, 3U);
  EXPECT_EQ(call.share.priority, Priority::kBulk);
  EXPECT_EQ(call.share.flow, FlowMark("a caller"));
  EXPECT_EQ(call.scheme, SignatureScheme::kRsaPssSha384);
  EXPECT_EQ(call.input, Bytes{9});
  const auto create = DecodeRequest(Encode(
      {.deadline = deadline, .call = CreateCall{{.type = KeyType::kRsa3072, .use = KeyUse::kNode, .name = "n"}}}));
  ASSERT_THAT(create, IsOk());
  EXPECT_EQ(std::get<CreateCall>(create->call).spec.type, KeyType::kRsa3072);
}

TEST(IsolatedWire, ASetupArrivesWhole) {
  const TokenSetup setup{.module_path = "/m.so",
                         .environment = {{"A", "b"}, {"C", ""}},
                         .token_label = "l",
                         .token_serial = "s",
                         .pin_source = "file:/pin",
                         .pin_directory = "/pins",
                         .max_sessions = 5,
                         .max_waiting = 6,
                         .network = true,
                         .log_level = log::Level::kInfo};
  ASSERT_OK_AND_ASSIGN(const TokenSetup again, DecodeSetup(Encode(setup)));
  EXPECT_EQ(again, setup);
}

// After an upgrade a running daemon starts a newer host.
TEST(IsolatedWire, ASetupOfAnotherVersionIsRefusedByName) {
  Bytes message = Encode(TokenSetup{});
  ++message[0];
  EXPECT_THAT(DecodeSetup(message), testing::HasReason("host_version"));
}

TEST(IsolatedWire, OfAnErrorLittleAndNothingStrangeIsKept) {
  const Reply reply = Again(Internal(std::string(2000, 'x')).WithHint("a\x1b[2J\n").WithReason("token_host_lost"));
  const auto& error = std::get<Error>(reply);
  EXPECT_EQ(error.message(), std::string(512, 'x'));
  EXPECT_EQ(error.hint(), "a?[2J?");
  EXPECT_EQ(error.reason(), "") << "that a host is gone is for this side to say";
}

// Clients are told, and would stay away.
TEST(IsolatedWire, NobodyIsSentAwayForLong) {
  Bytes message = Encode({1, Internal("x")});
  std::fill(message.end() - 4, message.end(), std::uint8_t{0xff});
  ASSERT_OK_AND_ASSIGN(const NumberedReply answer, DecodeReply(message));
  EXPECT_EQ(std::get<Error>(answer.reply).retry_after(), kLongestRetry);
}

TEST(IsolatedWire, ATimeInTheQueueThatIsNoneIsRefused) {
  Bytes message = Encode({1, Signed{{1}, 2, std::chrono::milliseconds(3)}});
  ASSERT_OK_AND_ASSIGN(const NumberedReply answer, DecodeReply(message));
  EXPECT_EQ(std::get<Signed>(answer.reply).queued, std::chrono::milliseconds(3));
  std::fill(message.end() - 8, message.end(), std::uint8_t{0xff});
  EXPECT_THAT(DecodeReply(message), HasCode(Code::kInternal));
}

TEST(IsolatedWire, ACallerIsMarkedAndNotNamed) {
  const std::string caller = "spiffe://cluster.local/ns/default/sa/web";
  EXPECT_EQ(FlowMark(caller), FlowMark(caller));
  EXPECT_NE(FlowMark(caller), FlowMark(caller + "2"));
  EXPECT_EQ(FlowMark(""), "");
  EXPECT_EQ(FlowMark(std::string(100'000, 'x')).size(), FlowMark(caller).size());
  // What is no mark, and what is no priority, is no message.
  EXPECT_THAT(DecodeRequest(Encode({.call = SignCall{.share = {Priority::kBulk, caller}}})), HasCode(Code::kInternal));
  EXPECT_THAT(DecodeRequest(Encode({.call = SignCall{.share = {static_cast<Priority>(kPriorities), ""}}})),
              HasCode(Code::kInternal));
}

TEST(IsolatedWire, WhatIsLeftOfAKeyIsNamedByItsPublicKey) {
  const KeyInfo info = Info();
  const Request request{.call = DeleteRemainsCall{{.label = info.label, .id = info.id, .public_key = info.public_key}}};
  const Bytes message = Encode(request);
  ASSERT_OK_AND_ASSIGN(const Request again, DecodeRequest(message));
  const auto& remains = std::get<DeleteRemainsCall>(again.call).remains;
  EXPECT_EQ(remains.label, info.label);
  EXPECT_EQ(remains.id, info.id);
  EXPECT_EQ(remains.public_key, info.public_key);
  EXPECT_TRUE(Answers(request, Done{}));
  for (std::size_t size = 0; size < message.size(); ++size) {
    EXPECT_FALSE(DecodeRequest(ByteView(message).first(size)).ok()) << size;
  }
}

TEST(IsolatedWire, ATextWithoutEndIsRefused) {
  KeyInfo info = Info();
  info.device.model = std::string(kMostText + 1, 'x');
  EXPECT_THAT(DecodeReply(Encode({1, Key{std::move(info)}})), HasCode(Code::kInternal));
}

TEST(IsolatedWire, EachCallHasItsReply) {
  const Request list{.call = ListCall{}};
  EXPECT_TRUE(Answers(list, Done{}));
  EXPECT_TRUE(Answers(list, Internal("x")));
  EXPECT_FALSE(Answers(list, Signed{}));
  EXPECT_TRUE(Answers({.call = SignCall{}}, Signed{}));
  EXPECT_FALSE(Answers({.call = SignCall{}}, Done{}));
  EXPECT_TRUE(Answers({.call = SpaceCall{}}, Space{}));
}

TEST(IsolatedWire, SpaceIsSaidOrNot) {
  const auto said = std::get<Space>(Again(Space{DeviceSpace{.free = 5, .total = 7}})).space;
  ASSERT_TRUE(said);
  EXPECT_EQ(said->free, 5U);
  EXPECT_EQ(said->total, 7U);
  EXPECT_FALSE(std::get<Space>(Again(Space{})).space);
  EXPECT_FALSE(DecodeReply(Encode({5, Space{DeviceSpace{.free = 8, .total = 7}}})).ok()) << "freer than empty";
}

// Every prefix, and every message with an octet too many, is refused.
TEST(IsolatedWire, NothingButWholeMessages) {
  for (const Reply& reply :
       {Reply(Done{}), Reply(Signed{{1, 2, 3}, 2}), Reply(Key{Info()}), Reply(Space{}), Reply(Internal("x"))}) {
    Bytes message = Encode({1, reply});
    for (std::size_t size = 0; size < message.size(); ++size) {
      EXPECT_FALSE(DecodeReply(ByteView(message).first(size)).ok()) << reply.index() << " of " << size;
    }
    message.push_back(0);
    EXPECT_FALSE(DecodeReply(message).ok());
  }
}

TEST(IsolatedChannel, KeepsMessagesApartAndSeesTheEnd) {
  ASSERT_OK_AND_ASSIGN(auto ends, Channel::Pair());
  const Deadline soon = After(std::chrono::seconds(30));
  ASSERT_THAT(ends.first.Send(AsBytes("one"), soon), IsOk());
  ASSERT_THAT(ends.first.Send(AsBytes("two"), soon), IsOk());
  EXPECT_EQ(AsText(*ends.second.Receive(soon)), "one");
  EXPECT_EQ(AsText(*ends.second.Receive(soon)), "two");
  EXPECT_THAT(ends.second.Receive(After(std::chrono::milliseconds(1))), HasCode(Code::kDeadlineExceeded));
  ends.first = Channel(Fd());
  EXPECT_THAT(ends.second.Receive(soon), HasCode(Code::kUnavailable));
  EXPECT_THAT(ends.second.Send(AsBytes("three"), soon), HasCode(Code::kUnavailable));
}

TEST(IsolatedChannel, DoesNotWaitForRoomBeyondTheDeadline) {
  ASSERT_OK_AND_ASSIGN(auto ends, Channel::Pair());
  const Bytes message(kMaxMessage);
  Status sent = Ok();
  for (int i = 0; i < 1000 && sent.ok(); ++i) sent = ends.first.Send(message, After(std::chrono::milliseconds(5)));
  EXPECT_THAT(sent, HasCode(Code::kDeadlineExceeded));
  EXPECT_THAT(ends.first.Send(Bytes(kMaxMessage + 1), After(std::chrono::seconds(1))), HasCode(Code::kInternal));
}

}  // namespace
}  // namespace rootkeep::isolated
