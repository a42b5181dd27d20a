#include "keystore/keysocket/wire/messages.h"

namespace rootkeep::keysocket {
namespace {

// "RKKS": a connection that begins with anything else is somebody's mistake.
constexpr std::uint32_t kMagic = 0x534b4b52;

constexpr std::uint32_t kKnownSchemes = 0b11'1111'1110;
constexpr std::uint64_t kLongestQueue = 3'600'000'000'000;  // ns
constexpr std::uint32_t kMostConcurrency = 65536;

// The number of a request's kind; a reply's has kReplyBit too, a failure's is kFailure.
enum class Kind : std::uint8_t { kHello = 1, kList, kDescribe, kSign, kCreate, kProbe };
constexpr std::uint8_t kReplyBit = 0x80;
constexpr std::uint8_t kFailure = 0xff;

// std::visit may throw, by its signature.
template <typename... Ts, typename Function>
void Visit(const std::variant<Ts...>& value, const Function& function) noexcept {
  const auto try_one = [&function](const auto* alternative) {
    if (alternative != nullptr) function(*alternative);
  };
  (try_one(std::get_if<Ts>(&value)), ...);
}

template <typename T>
std::uint8_t N(T value) noexcept {
  return static_cast<std::uint8_t>(value);
}

void PutHead(FieldWriter& out, std::uint8_t kind, std::uint32_t number) noexcept {
  out.Number(kind);
  out.Number(std::uint8_t{0});
  out.Number(std::uint16_t{0});
  out.Number(number);
}

std::uint8_t GetHead(FieldReader& in, std::uint32_t& number) noexcept {
  const auto kind = in.Number<std::uint8_t>();
  in.Zeros(3);
  number = in.Number<std::uint32_t>();
  return kind;
}

template <std::size_t kSize>
void Get(FieldReader& in, std::array<std::uint8_t, kSize>& out) noexcept {
  const Octets octets = in.Raw(kSize);
  std::copy(octets.begin(), octets.end(), out.begin());
}

// --- requests ---

struct PutCall {
  FieldWriter& out;
  void operator()(const HelloCall& call) const noexcept {
    out.Number(kMagic);
    out.Number(call.lowest);
    out.Number(call.highest);
  }
  void operator()(const ListCall& call) const noexcept { out.Raw(call.after); }
  void operator()(const DescribeCall& call) const noexcept { out.Text(call.name, kMaxName); }
  void operator()(const SignCall& call) const noexcept {
    out.Raw(call.key);
    out.Number(N(call.scheme));
    out.Number(N(call.urgency));
    out.Number(std::uint16_t{0});
    out.Raw(call.flow);
    // The one length that does not fit into two octets.
    out.Number(static_cast<std::uint32_t>(std::min(call.input.size(), kMaxInput + 1)));
  }
  void operator()(const CreateCall& call) const noexcept {
    out.Number(N(call.type));
    out.Number(N(call.use));
    out.Number(N(call.custody));
    out.Number(std::uint8_t{0});
    out.Number(call.generation);
    out.Text(call.name, kMaxLabel);
  }
  void operator()(const ProbeCall& /*call*/) const noexcept {}
};

SignCall GetSign(FieldReader& in) noexcept {
  SignCall call;
  Get(in, call.key);
  call.scheme = in.Choice(WireScheme::kEcdsaSha256, WireScheme::kEd25519);
  call.urgency = in.Choice(WireUrgency::kInteractive, WireUrgency::kBulk);
  in.Zeros(2);
  Get(in, call.flow);
  const auto size = in.Number<std::uint32_t>();
  if (size > kMaxInput) in.Fail();
  call.input = in.Raw(size);
  return call;
}

CreateCall GetCreate(FieldReader& in) noexcept {
  CreateCall call;
  call.type = in.Choice(WireType::kEcP256, WireType::kEd25519);
  call.use = in.Choice(WireUse::kRootkeepCa, WireUse::kForeignCa);
  call.custody = in.Choice(WireCustody::kLocalOnly, WireCustody::kHsmBackup);
  in.Zeros(1);
  call.generation = in.Number<std::uint32_t>();
  call.name = in.Text(kMaxLabel);
  return call;
}

HelloCall GetHello(FieldReader& in) noexcept {
  if (in.Number<std::uint32_t>() != kMagic) in.Fail();
  HelloCall call;
  call.lowest = in.Number<std::uint16_t>();
  call.highest = in.Number<std::uint16_t>();
  if (call.lowest > call.highest) in.Fail();
  return call;
}

// --- replies ---

void Put(FieldWriter& out, const WireFacts& facts) noexcept {
  for (const WireFact fact : {facts.sensitive, facts.extractable, facts.always_sensitive, facts.never_extractable,
                              facts.local, facts.modifiable, facts.always_authenticate}) {
    out.Number(N(fact));
  }
  out.Text(facts.other_usages, kMaxUsages);
}

WireFacts GetFacts(FieldReader& in) noexcept {
  WireFacts facts;
  for (auto* fact : {&facts.sensitive, &facts.extractable, &facts.always_sensitive, &facts.never_extractable,
                     &facts.local, &facts.modifiable, &facts.always_authenticate}) {
    *fact = in.Choice(WireFact::kNo, WireFact::kUnsaid);
  }
  facts.other_usages = in.Text(kMaxUsages);
  return facts;
}

void Put(FieldWriter& out, const KeyDescription& key) noexcept {
  out.Raw(key.fingerprint);
  out.Number(N(key.type));
  out.Number(N(key.use));
  out.Number(N(key.voucher));
  out.Number(N(key.device.software));
  out.Number(key.schemes);
  out.Number(key.concurrency);
  out.Text(key.uri, kMaxUri);
  out.Text(key.label, kMaxLabel);
  out.Blob(key.id, kMaxId);
  out.Blob(key.spki, kMaxSpki);
  Put(out, key.facts);
  for (const auto text : {key.device.label, key.device.serial, key.device.manufacturer, key.device.model}) {
    out.Text(text, kMaxDevice);
  }
}

KeyDescription GetKey(FieldReader& in) noexcept {
  KeyDescription key;
  Get(in, key.fingerprint);
  key.type = in.Choice(WireType::kEcP256, WireType::kEd25519);
  key.use = in.Choice(WireUse::kRootkeepCa, WireUse::kForeignCa);
  key.voucher = in.Choice(WireVoucher::kTokenSoftware, WireVoucher::kToken);
  key.device.software = in.Bool();
  key.schemes = in.Number<std::uint32_t>();
  if ((key.schemes & ~kKnownSchemes) != 0) in.Fail();
  key.concurrency = in.Number<std::uint32_t>();
  if (key.concurrency == 0 || key.concurrency > kMostConcurrency) in.Fail();
  key.uri = in.Text(kMaxUri);
  key.label = in.Text(kMaxLabel);
  key.id = in.Blob(kMaxId);
  key.spki = in.Blob(kMaxSpki);
  key.facts = GetFacts(in);
  for (auto* text : {&key.device.label, &key.device.serial, &key.device.manufacturer, &key.device.model}) {
    *text = in.Text(kMaxDevice);
  }
  return key;
}

struct PutReply {
  FieldWriter& out;
  void operator()(const Failure& failure) const noexcept {
    out.Number(N(failure.code));
    out.Number(failure.retry_ms);
    out.Number(failure.native_value);
    for (const auto text : {failure.reason.view(), failure.message.view(), failure.hint.view(),
                            failure.native_domain.view(), failure.native_name.view()}) {
      out.Text(text, kMaxShortReply);
    }
  }
  void operator()(const HelloReply& hello) const noexcept { out.Number(hello.version); }
  void operator()(const ListReply& list) const noexcept {
    out.Number(N(list.more));
    out.Number(N(list.count));
    for (std::size_t i = 0; i < list.count; ++i) Put(out, list.keys[i]);
  }
  void operator()(const KeyReply& key) const noexcept { Put(out, key.key); }
  void operator()(const SignReply& answer) const noexcept {
    out.Number(answer.concurrency);
    out.Number(answer.queued_ns);
    out.Blob(answer.signature, kMaxSignature);
  }
  void operator()(const DoneReply& /*done*/) const noexcept {}
};

// Of Reply::reply's alternatives, in their order. A key that was made is described like any other.
std::uint8_t KindOf(const Reply& reply) noexcept {
  constexpr std::array kKinds{Kind::kHello, Kind::kList, Kind::kDescribe, Kind::kSign, Kind::kProbe};
  const std::size_t index = reply.reply.index();
  return index == 0 ? kFailure : N(kReplyBit | N(kKinds[index - 1]));
}

Failure GetFailure(FieldReader& in) noexcept {
  Failure failure;
  const auto code = in.Number<std::uint8_t>();
  if (IsFailureCode(code)) {
    failure.code = static_cast<FailureCode>(code);
  } else {
    in.Fail();
  }
  failure.retry_ms = in.Number<std::uint32_t>();
  failure.native_value = in.Number<std::uint64_t>();
  failure.reason = in.Text(64);
  failure.message = in.Text(512);
  failure.hint = in.Text(256);
  failure.native_domain = in.Text(16);
  failure.native_name = in.Text(64);
  return failure;
}

ListReply GetList(FieldReader& in) noexcept {
  ListReply list;
  list.more = in.Bool();
  list.count = in.Number<std::uint8_t>();
  if (list.count > kKeysOnAPage) {
    in.Fail();
    list.count = 0;
  }
  for (std::size_t i = 0; i < list.count; ++i) list.keys[i] = GetKey(in);
  return list;
}

SignReply GetSigned(FieldReader& in) noexcept {
  SignReply answer;
  answer.concurrency = in.Number<std::uint32_t>();
  answer.queued_ns = in.Number<std::uint64_t>();
  if (answer.concurrency == 0 || answer.concurrency > kMostConcurrency || answer.queued_ns > kLongestQueue) in.Fail();
  answer.signature = in.Blob(kMaxSignature);
  return answer;
}

}  // namespace

bool IsFailureCode(std::uint8_t number) noexcept {
  switch (static_cast<FailureCode>(number)) {
    case FailureCode::kInvalidArgument:
    case FailureCode::kDeadlineExceeded:
    case FailureCode::kNotFound:
    case FailureCode::kAlreadyExists:
    case FailureCode::kPermissionDenied:
    case FailureCode::kResourceExhausted:
    case FailureCode::kFailedPrecondition:
    case FailureCode::kUnimplemented:
    case FailureCode::kInternal:
    case FailureCode::kUnavailable:
    case FailureCode::kDataLoss: return true;
  }
  return false;
}

std::size_t EncodeHead(const Request& request, std::span<std::uint8_t> out) noexcept {
  const auto* sign = std::get_if<SignCall>(&request.call);
  if (sign != nullptr && sign->input.size() > kMaxInput) return 0;
  FieldWriter writer(out);
  // The alternatives stand in the order of their kinds.
  PutHead(writer, N(request.call.index() + 1), request.number);
  writer.Number(request.wait_ms);
  Visit(request.call, PutCall{writer});
  return writer.size();
}

std::size_t Encode(const Request& request, std::span<std::uint8_t> out) noexcept {
  const std::size_t head = EncodeHead(request, out);
  const auto* sign = std::get_if<SignCall>(&request.call);
  if (head == 0 || sign == nullptr) return head;
  FieldWriter rest(out.subspan(head));
  rest.Raw(sign->input);
  if (rest.size() == 0 && !sign->input.empty()) return 0;
  return head + rest.size();
}

std::size_t Encode(const Reply& reply, std::span<std::uint8_t> out) noexcept {
  const auto* list = std::get_if<ListReply>(&reply.reply);
  if (list != nullptr && list->count > kKeysOnAPage) return 0;
  FieldWriter writer(out);
  PutHead(writer, KindOf(reply), reply.number);
  Visit(reply.reply, PutReply{writer});
  return writer.size();
}

bool Decode(Octets message, Request& request) noexcept {
  if (message.size() > kMaxRequest) return false;
  FieldReader in(message);
  const auto kind = static_cast<Kind>(GetHead(in, request.number));
  request.wait_ms = in.Number<std::uint32_t>();
  if (request.wait_ms == 0 || request.wait_ms > kLongestWaitMs) in.Fail();
  switch (kind) {
    case Kind::kHello: request.call = GetHello(in); break;
    case Kind::kList: {
      ListCall call;
      Get(in, call.after);
      request.call = call;
      break;
    }
    case Kind::kDescribe: request.call = DescribeCall{in.Text(kMaxName)}; break;
    case Kind::kSign: request.call = GetSign(in); break;
    case Kind::kCreate: request.call = GetCreate(in); break;
    case Kind::kProbe: request.call = ProbeCall{}; break;
    default: in.Fail();
  }
  return in.ok();
}

bool Decode(Octets message, Reply& reply) noexcept {
  if (message.size() > kMaxReply) return false;
  FieldReader in(message);
  const std::uint8_t kind = GetHead(in, reply.number);
  if (kind == kFailure) {
    reply.reply = GetFailure(in);
    return in.ok();
  }
  if ((kind & kReplyBit) == 0) return false;
  switch (static_cast<Kind>(kind & ~kReplyBit)) {
    case Kind::kHello: reply.reply = HelloReply{in.Number<std::uint16_t>()}; break;
    case Kind::kList: reply.reply = GetList(in); break;
    case Kind::kDescribe: reply.reply = KeyReply{GetKey(in)}; break;
    case Kind::kSign: reply.reply = GetSigned(in); break;
    case Kind::kProbe: reply.reply = DoneReply{}; break;
    default: in.Fail();
  }
  return in.ok();
}

bool Answers(const Request& request, const Reply& reply) noexcept {
  // In the order of Request::call's alternatives.
  constexpr std::array<std::size_t, 6> kReplies{1, 2, 3, 4, 3, 5};
  return reply.number == request.number &&
         (reply.reply.index() == 0 || reply.reply.index() == kReplies[request.call.index()]);
}

}  // namespace rootkeep::keysocket
