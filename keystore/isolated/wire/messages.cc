#include "keystore/isolated/wire/messages.h"

#include <array>

#include "keystore/signer.h"

namespace rootkeep::isolated {
namespace {

constexpr std::uint32_t kMaxVariables = 256;
constexpr std::size_t kMaxVariable = 32768;  // octets of a value
constexpr std::size_t kFlowMark = 16;        // octets
constexpr std::chrono::nanoseconds kLongestWait = std::chrono::hours(1);

// A message begins with the number of its alternative.
template <typename Variant>
void PutIndex(Writer& out, const Variant& value) {
  out.U8(static_cast<std::uint8_t>(value.index()));
}

struct PutCall {
  Writer& out;
  void operator()(const OpenCall& call) const { Put(out, call.uri); }
  void operator()(const CreateCall& call) const { Put(out, call.spec); }
  void operator()(const ListCall& /*call*/) const {}
  void operator()(const ProbeCall& /*call*/) const {}
  void operator()(const DeleteCall& call) const { Put(out, call.uri); }
  void operator()(const SignCall& call) const {
    out.U32(call.key);
    out.U8(static_cast<std::uint8_t>(call.share.priority));
    out.Text(call.share.flow);
    out.U8(static_cast<std::uint8_t>(call.scheme));
    out.Blob(call.input);
  }
  void operator()(const SpaceCall& /*call*/) const {}
  void operator()(const DeleteRemainsCall& call) const {
    out.Text(call.remains.label);
    out.Blob(call.remains.id);
    out.Blob(call.remains.public_key.spki());
  }
};

struct PutReply {
  Writer& out;
  void operator()(const Error& error) const { Put(out, error); }
  void operator()(const Done& /*done*/) const {}
  void operator()(const Opened& opened) const {
    out.U32(opened.key);
    Put(out, opened.info);
  }
  void operator()(const Key& key) const { Put(out, key.info); }
  void operator()(const Signed& answer) const {
    out.Blob(answer.signature);
    out.U32(answer.concurrency);
    out.U64(static_cast<std::uint64_t>(answer.queued.count()));
  }
  // A total of zero says nothing.
  void operator()(const Space& answer) const {
    const DeviceSpace space = answer.space.value_or(DeviceSpace{});
    out.U64(space.free);
    out.U64(space.total);
  }
};

SignCall GetSignCall(Reader& in) {
  SignCall call;
  call.key = in.U32();
  call.share.priority = static_cast<Priority>(in.Choice(kPriorities - 1));
  call.share.flow = in.Text(kFlowMark);
  call.scheme = static_cast<SignatureScheme>(in.Choice(static_cast<std::uint8_t>(SignatureScheme::kEd25519)));
  call.input = in.Blob(kMaxSignInput);
  return call;
}

void GetRemainsCall(Reader& in, Request& request) {
  std::string label = in.Text();
  Bytes id = in.Blob(kMostText);
  auto public_key = PublicKey::FromSpki(in.Blob(kMostText));
  if (!public_key.ok()) return in.Fail();
  request.call =
      DeleteRemainsCall{{.label = std::move(label), .id = std::move(id), .public_key = *std::move(public_key)}};
}

void GetOpened(Reader& in, Reply& reply) {
  const std::uint32_t key = in.U32();
  if (auto info = GetInfo(in)) reply = Opened{key, *std::move(info)};
}

void GetKey(Reader& in, Reply& reply) {
  if (auto info = GetInfo(in)) reply = Key{*std::move(info)};
}

Signed GetSigned(Reader& in) {
  Signed answer;
  answer.signature = in.Blob(kMostText);
  answer.concurrency = in.U32();
  const std::uint64_t queued = in.U64();
  if (queued > static_cast<std::uint64_t>(kLongestWait.count())) in.Fail();
  answer.queued = std::chrono::nanoseconds(static_cast<std::int64_t>(queued));
  return answer;
}

Error NotAMessage(const char* kind) { return Internal(std::string("not a ") + kind + " of the token host's"); }

Space GetSpace(Reader& in) {
  const std::uint64_t free = in.U64();
  const std::uint64_t total = in.U64();
  if (free > total) in.Fail();
  return {total == 0 ? std::nullopt : std::optional(DeviceSpace{.free = free, .total = total})};
}

}  // namespace

std::string FlowMark(std::string_view flow) {
  if (flow.empty()) return {};
  const auto digest = Digest(Hash::kSha256, AsBytes(flow));
  if (!digest.ok()) return {};
  return std::string(AsText(ByteView(*digest).first(kFlowMark)));
}

Bytes Encode(const TokenSetup& setup) {
  Writer out;
  out.U32(kWireVersion);
  for (const auto* text :
       {&setup.module_path, &setup.token_label, &setup.token_serial, &setup.pin_source, &setup.pin_directory}) {
    out.Text(*text);
  }
  out.U32(static_cast<std::uint32_t>(setup.environment.size()));
  for (const auto& [name, value] : setup.environment) {
    out.Text(name);
    out.Text(value);
  }
  out.U32(setup.max_sessions);
  out.U32(setup.max_waiting);
  out.Bool(setup.network);
  out.U8(static_cast<std::uint8_t>(setup.log_level));
  return out.Take();
}

Result<TokenSetup> DecodeSetup(ByteView message) {
  Reader in(message);
  if (in.U32() != kWireVersion && !in.failed()) {
    return FailedPrecondition("the token host is of another version than the program that started it")
        .WithReason("host_version")
        .WithHint("restart rootkeepd");
  }
  TokenSetup setup;
  for (auto* text :
       {&setup.module_path, &setup.token_label, &setup.token_serial, &setup.pin_source, &setup.pin_directory}) {
    *text = in.Text();
  }
  const std::uint32_t variables = in.U32();
  if (variables > kMaxVariables) in.Fail();
  for (std::uint32_t i = 0; i < variables && !in.failed(); ++i) {
    std::string name = in.Text();
    setup.environment.emplace_back(std::move(name), in.Text(kMaxVariable));
  }
  setup.max_sessions = in.U32();
  setup.max_waiting = in.U32();
  setup.network = in.Bool();
  setup.log_level = static_cast<log::Level>(in.Choice(static_cast<std::uint8_t>(log::Level::kError)));
  if (!in.ok()) return NotAMessage("setup");
  return setup;
}

Bytes Encode(const Request& request) {
  Writer out;
  PutIndex(out, request.call);
  out.U32(request.number);
  out.U64(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(request.deadline.time_since_epoch()).count()));
  std::visit(PutCall{out}, request.call);
  return out.Take();
}

Result<Request> DecodeRequest(ByteView message) {
  Reader in(message);
  Request request;
  const std::uint8_t index = in.U8();
  request.number = in.U32();
  request.deadline = Deadline(std::chrono::nanoseconds(static_cast<std::int64_t>(in.U64())));
  switch (index) {
    case 0: request.call = OpenCall{GetUri(in)}; break;
    case 1: request.call = CreateCall{GetSpec(in)}; break;
    case 2: request.call = ListCall{}; break;
    case 3: request.call = ProbeCall{}; break;
    case 4: request.call = DeleteCall{GetUri(in)}; break;
    case 5: request.call = GetSignCall(in); break;
    case 6: request.call = SpaceCall{}; break;
    case 7: GetRemainsCall(in, request); break;
    default: in.Fail();
  }
  if (!in.ok()) return NotAMessage("request");
  return request;
}

Bytes Encode(const NumberedReply& reply) {
  Writer out;
  PutIndex(out, reply.reply);
  out.U32(reply.number);
  std::visit(PutReply{out}, reply.reply);
  return out.Take();
}

Result<NumberedReply> DecodeReply(ByteView message) {
  Reader in(message);
  NumberedReply answer;
  const std::uint8_t index = in.U8();
  answer.number = in.U32();
  switch (index) {
    case 0: answer.reply = GetError(in); break;
    case 1: answer.reply = Done{}; break;
    case 2: GetOpened(in, answer.reply); break;
    case 3: GetKey(in, answer.reply); break;
    case 4: answer.reply = GetSigned(in); break;
    case 5: answer.reply = GetSpace(in); break;
    default: in.Fail();
  }
  if (!in.ok()) return NotAMessage("reply");
  return answer;
}

bool Answers(const Request& request, const Reply& reply) {
  // In the order of Request::call's alternatives.
  constexpr std::array<std::size_t, 8> kReplies{2, 3, 1, 1, 1, 4, 5, 1};
  return reply.index() == 0 || reply.index() == kReplies[request.call.index()];
}

}  // namespace rootkeep::isolated
