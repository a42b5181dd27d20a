#include "keystore/keysocket/wire/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace rootkeep::keysocket {
namespace {

using Memory = std::vector<std::uint8_t>;

template <typename Message>
Memory Encoded(const Message& message) {
  Memory memory(kMaxRequest);
  memory.resize(Encode(message, memory));
  return memory;
}

const Memory& Filler() {
  static const auto& filler = *new Memory(kMaxInput, 7);
  return filler;
}

KeyDescription Key() {
  KeyDescription key;
  std::iota(key.fingerprint.begin(), key.fingerprint.end(), std::uint8_t{1});
  key.type = WireType::kRsa2048;
  key.use = WireUse::kForeignCa;
  key.schemes = 1U << static_cast<unsigned>(WireScheme::kRsaPssSha256);
  key.concurrency = 4;
  key.uri = "keysocket:token=t;object=rk%2Fapp%2Fweb%2F1";
  key.label = "rk/app/web/1";
  key.id = Octets(Filler()).first(16);
  key.spki = Octets(Filler()).first(300);
  key.voucher = WireVoucher::kTokenSoftware;
  key.facts = {.sensitive = WireFact::kYes, .extractable = WireFact::kNo, .other_usages = "decrypt"};
  key.device = {.label = "t", .serial = "1", .manufacturer = "m", .model = "n", .software = true};
  return key;
}

std::vector<Request> Requests() {
  return {{1, 10, HelloCall{1, 9}},
          {2, 10, ListCall{Key().fingerprint}},
          {3, 10, DescribeCall{"keysocket:object=x"}},
          {4, kLongestWaitMs,
           SignCall{.key = Key().fingerprint,
                    .scheme = WireScheme::kEd25519,
                    .urgency = WireUrgency::kBulk,
                    .flow = {9, 8},
                    .input = Octets(Filler()).first(33)}},
          {5, 1, CreateCall{WireType::kEd25519, WireUse::kLog, WireCustody::kHsmBackup, 3, "web"}},
          {6, 1, ProbeCall{}}};
}

Failure AFailure() {
  Failure failure;
  failure.code = FailureCode::kUnavailable;
  failure.retry_ms = 250;
  failure.reason = std::string_view("token_absent");
  failure.message = std::string_view("C_Sign failed");
  failure.hint = std::string_view("look at the cable");
  failure.native_domain = std::string_view("CKR");
  failure.native_value = 0x30;
  failure.native_name = std::string_view("CKR_DEVICE_ERROR");
  return failure;
}

std::vector<Reply> Replies() {
  ListReply list{.more = true, .count = 2};
  list.keys[0] = Key();
  list.keys[1] = Key();
  return {{1, AFailure()},
          {2, HelloReply{1}},
          {3, list},
          {4, KeyReply{Key()}},
          {5, SignReply{Octets(Filler()).first(72), 8, 1234}},
          {6, DoneReply{}}};
}

TEST(KeySocketMessages, AKeyArrivesWhole) {
  const Memory message = Encoded(Reply{7, KeyReply{Key()}});
  Reply reply;
  ASSERT_TRUE(Decode(message, reply));
  EXPECT_EQ(reply.number, 7U);
  const KeyDescription& key = std::get<KeyReply>(reply.reply).key;
  EXPECT_EQ(key.fingerprint, Key().fingerprint);
  EXPECT_EQ(key.type, WireType::kRsa2048);
  EXPECT_EQ(key.use, WireUse::kForeignCa);
  EXPECT_TRUE(key.Signs(WireScheme::kRsaPssSha256));
  EXPECT_FALSE(key.Signs(WireScheme::kEcdsaSha256));
  EXPECT_EQ(key.concurrency, 4U);
  EXPECT_EQ(key.uri, Key().uri);
  EXPECT_EQ(key.label, "rk/app/web/1");
  EXPECT_EQ(key.id.size(), 16U);
  EXPECT_EQ(key.spki.size(), 300U);
  EXPECT_EQ(key.voucher, WireVoucher::kTokenSoftware);
  EXPECT_EQ(key.facts, Key().facts);
  EXPECT_EQ(key.device, Key().device);
}

TEST(KeySocketMessages, ARequestToSignArrivesWhole) {
  const Memory message = Encoded(Requests()[3]);
  Request request;
  ASSERT_TRUE(Decode(message, request));
  EXPECT_EQ(request.number, 4U);
  EXPECT_EQ(request.wait_ms, kLongestWaitMs);
  const auto& call = std::get<SignCall>(request.call);
  EXPECT_EQ(call.key, Key().fingerprint);
  EXPECT_EQ(call.scheme, WireScheme::kEd25519);
  EXPECT_EQ(call.urgency, WireUrgency::kBulk);
  EXPECT_EQ(call.flow[1], 8);
  EXPECT_EQ(call.input.size(), 33U);
}

TEST(KeySocketMessages, AFailureArrivesWhole) {
  const Memory message = Encoded(Reply{7, AFailure()});
  Reply reply;
  ASSERT_TRUE(Decode(message, reply));
  EXPECT_EQ(std::get<Failure>(reply.reply), AFailure());
}

TEST(KeySocketMessages, EveryMessageIsReadAsItWasWritten) {
  for (const Request& request : Requests()) {
    const Memory message = Encoded(request);
    Request again;
    ASSERT_TRUE(Decode(message, again)) << request.number;
    EXPECT_EQ(Encoded(again), message) << request.number;
  }
  for (const Reply& reply : Replies()) {
    const Memory message = Encoded(reply);
    Reply again;
    ASSERT_TRUE(Decode(message, again)) << reply.number;
    EXPECT_EQ(Encoded(again), message) << reply.number;
  }
}

// The layout is a contract with programs that are not ours: these octets never change.
TEST(KeySocketMessages, TheLayoutIsWhatIsDocumented) {
  EXPECT_EQ(Encoded(Request{0x01020304, 10, HelloCall{1, 2}}),
            (Memory{1, 0, 0, 0, 4, 3, 2, 1, 10, 0, 0, 0, 'R', 'K', 'K', 'S', 1, 0, 2, 0}));
  Memory sign{4, 0, 0, 0, 1, 0, 0, 0, 0xe8, 3, 0, 0};
  sign.insert(sign.end(), kFingerprintSize, 0xaa);
  sign.insert(sign.end(), {1, 2, 0, 0});
  sign.insert(sign.end(), kFlowMark, 0);
  sign.insert(sign.end(), {3, 0, 0, 0, 'a', 'b', 'c'});
  SignCall call{.scheme = WireScheme::kEcdsaSha256, .urgency = WireUrgency::kIssuance, .input = OctetsOf("abc")};
  call.key.fill(0xaa);
  EXPECT_EQ(Encoded(Request{1, 1000, call}), sign);
  EXPECT_EQ(Encoded(Reply{1, SignReply{OctetsOf("xyz"), 2, 5}}),
            (Memory{0x84, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 3, 0, 'x', 'y', 'z'}));
}

template <typename Message>
void ExpectItTakesNothingElse(const Memory& message) {
  for (std::size_t size = 0; size < message.size(); ++size) {
    Message cut;
    EXPECT_FALSE(Decode(Octets(message).first(size), cut)) << size << " of " << message.size();
  }
  Memory longer = message;
  longer.push_back(0);
  Message more;
  EXPECT_FALSE(Decode(longer, more));
  const Memory changes{0x01, 0x80, 0xff};
  for (std::size_t at = 0; at < message.size(); ++at) {
    for (const std::uint8_t change : changes) {
      Memory other = message;
      other[at] ^= change;
      Message changed;
      if (Decode(other, changed)) {
        EXPECT_EQ(Encoded(changed), other) << "octet " << at;
      }
    }
  }
}

TEST(KeySocketMessages, WhatIsNoMessageIsRefused) {
  for (const Request& request : Requests()) ExpectItTakesNothingElse<Request>(Encoded(request));
  Failure bare;
  bare.code = FailureCode::kNotFound;
  for (Reply reply : Replies()) {
    // Texts of failures are cleaned on arrival, so not every octet comes back.
    if (std::holds_alternative<Failure>(reply.reply)) reply.reply = bare;
    ExpectItTakesNothingElse<Reply>(Encoded(reply));
  }
}

TEST(KeySocketMessages, NothingIsLongerThanItMayBe) {
  Memory memory(kMaxRequest + kMaxInput);
  const Memory too_long(kMaxInput + 1);
  EXPECT_EQ(Encode(Request{1, 1, SignCall{.input = too_long}}, memory), 0U);
  EXPECT_EQ(Encode(Request{1, 1, DescribeCall{TextOf(Octets(too_long).first(kMaxName + 1))}}, memory), 0U);
  EXPECT_NE(Encode(Request{1, 1, DescribeCall{TextOf(Octets(too_long).first(kMaxName))}}, memory), 0U);
  EXPECT_EQ(Encode(Reply{1, SignReply{.signature = Octets(too_long).first(kMaxSignature + 1)}}, memory), 0U);
  EXPECT_EQ(Encode(Reply{1, ListReply{.count = kKeysOnAPage + 1}}, memory), 0U);
  EXPECT_EQ(Encode(Requests()[3], std::span(memory).first(20)), 0U);

  Memory message = Encoded(Request{1, 1, SignCall{.input = Octets(too_long).first(kMaxInput)}});
  EXPECT_LE(message.size(), kMaxRequest);
  Request request;
  EXPECT_TRUE(Decode(message, request));
  // A length beyond the limit is refused though the octets are there.
  message.push_back(0);
  const std::size_t length_at = message.size() - kMaxInput - 1 - 4;
  message[length_at] = 1;
  EXPECT_FALSE(Decode(message, request));
}

TEST(KeySocketMessages, TheLongestRepliesFit) {
  const std::string text(kMaxUri, 'u');
  KeyDescription key = Key();
  key.uri = text;
  key.label = std::string_view(text).substr(0, kMaxLabel);
  key.id = Octets(Filler()).first(kMaxId);
  key.spki = Octets(Filler()).first(kMaxSpki);
  key.facts.other_usages = std::string_view(text).substr(0, kMaxUsages);
  for (auto* word : {&key.device.label, &key.device.serial, &key.device.manufacturer, &key.device.model}) {
    *word = std::string_view(text).substr(0, kMaxDevice);
  }
  ListReply page{.more = true, .count = kKeysOnAPage};
  page.keys.fill(key);
  Memory memory(kMaxReply);
  EXPECT_NE(Encode(Reply{1, page}, memory), 0U);
  Memory brief(kMaxShortReply);
  EXPECT_NE(Encode(Reply{1, KeyReply{key}}, brief), 0U);
  EXPECT_NE(Encode(Reply{1, SignReply{.signature = Octets(Filler()).first(kMaxSignature)}}, brief), 0U);
  Failure failure;
  failure.reason = std::string_view(text);
  failure.message = std::string_view(text);
  failure.hint = std::string_view(text);
  failure.native_domain = std::string_view(text);
  failure.native_name = std::string_view(text);
  EXPECT_NE(Encode(Reply{1, failure}, brief), 0U);
}

TEST(KeySocketMessages, OnlyItsOwnReplyAnswersACall) {
  for (const Request& request : Requests()) {
    int answers = 0;
    for (Reply reply : Replies()) {
      reply.number = request.number;
      answers += Answers(request, reply) ? 1 : 0;
      reply.number = request.number + 1;
      EXPECT_FALSE(Answers(request, reply));
    }
    EXPECT_EQ(answers, 2) << "its own and a failure";
  }
}

TEST(KeySocketMessages, ATextNeverMovesACursor) {
  Failure failure;
  failure.message = std::string_view("a\x1b[2Jb\nc\xff", 9);
  EXPECT_EQ(failure.message.view(), "a?[2Jb?c?");
}

}  // namespace
}  // namespace rootkeep::keysocket
