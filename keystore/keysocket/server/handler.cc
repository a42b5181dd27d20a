#include "keystore/keysocket/server/handler.h"

#include <fmt/format.h>

#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/values/uri.h"

namespace rootkeep::keysocket {
namespace {

constexpr std::string_view kReasonNotPermitted = "not_permitted";

ServedKeys::TokenFilter TokensOf(const Visitor& visitor) {
  return [&visitor](const std::string& token) { return Concerns(*visitor.socket, visitor.caller, token); };
}

ServedKeys::KeyFilter KeysOf(const Visitor& visitor) {
  return [&visitor](const std::string& token, const LabelParts& key) {
    return MayUse(*visitor.socket, visitor.caller, token, key);
  };
}

ServedKeys::KeyDenial DenialOf(const Visitor& visitor, Audit& audit, std::string_view what) {
  return [&visitor, &audit, what](const LabelParts& key) {
    audit.Denied(*visitor.socket, visitor.caller, what,
                 fmt::format("rk/{}/{}/{}", KeyUseName(key.use), key.name, key.generation),
                 "no grant of this socket's gives this caller that key");
  };
}

std::string FlowOf(const Visitor& visitor, const SignCall& call) {
  // One application could pass for many that way; the CA service answers for its callers.
  if (!visitor.socket->ca_service || call.flow == std::array<std::uint8_t, kFlowMark>{}) return visitor.flow;
  return visitor.flow + "/" + std::string(AsText(call.flow));
}

Result<std::size_t> EncodeKey(std::uint32_t number, const ServedKey& key, std::span<std::uint8_t> out) {
  const auto described = Describe(key.info, key.named.use, key.uri, key.signer->Concurrency());
  if (!described) return Internal("the key cannot be described");
  return Encode(Reply{number, KeyReply{*described}}, out);
}

// Of a key that is asked for; of the next of a name, whose generation is not known yet, without one.
Result<std::string> LabelOf(KeySpec spec) {
  if (spec.generation != kNextGeneration) return KeyLabel(spec);
  spec.generation = 1;
  RK_RETURN_IF_ERROR(KeyLabel(spec));
  return fmt::format("rk/{}/{}", KeyUseName(spec.use), spec.name);
}

// Of a request that is no hello.
CallKind KindOf(const Request& request) {
  if (std::holds_alternative<SignCall>(request.call)) return CallKind::kSign;
  if (std::holds_alternative<ListCall>(request.call)) return CallKind::kList;
  if (std::holds_alternative<DescribeCall>(request.call)) return CallKind::kDescribe;
  return std::holds_alternative<CreateCall>(request.call) ? CallKind::kCreate : CallKind::kProbe;
}

std::string_view OutcomeOf(const Error& error) {
  return error.reason().empty() ? CodeName(error.code()) : error.reason();
}

}  // namespace

void Handler::Tell(const Request& request, std::string_view outcome) const noexcept {
  if (observer_ != nullptr) observer_->Answered(KindOf(request), outcome);
}

std::size_t Handler::Refuse(const Request& request, const Error& error, std::span<std::uint8_t> out) {
  Tell(request, OutcomeOf(error));
  return Encode(Reply{request.number, ToWire(error)}, out);
}

std::vector<std::string> Handler::NamesOf(const std::vector<ServedToken>& tokens) {
  std::vector<std::string> names;
  for (const ServedToken& token : tokens) names.push_back(token.name);
  return names;
}

std::optional<std::size_t> Handler::OnlyToken(const Visitor& visitor, const Request& request) const {
  const auto* create = std::get_if<CreateCall>(&request.call);
  const auto made_on =
      create == nullptr ? std::nullopt : MayCreate(*visitor.socket, visitor.caller, SpecOf(*create), token_names_);
  const ServedKeys::TokenFilter concerns = TokensOf(visitor);
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < token_names_.size(); ++i) {
    if (made_on ? *made_on != token_names_[i] : !concerns(token_names_[i])) continue;
    if (only) return std::nullopt;
    only = i;
  }
  return only;
}

ServedKeyPtr Handler::Ready(const Visitor& visitor, const SignCall& call) const {
  ServedKeyPtr key = keys_.Known(call.key);
  if (key == nullptr) return nullptr;
  const std::string& token = keys_.tokens()[key->token].name;
  const bool may = MayUse(*visitor.socket, visitor.caller, token, key->named) && Permit(visitor, *key).ok();
  return may ? key : nullptr;
}

Status Handler::Permit(const Visitor& visitor, const ServedKey& key) const {
  return permit_ ? permit_(*visitor.socket, key.info) : Ok();
}

Status Handler::PermitOrDeny(const Visitor& visitor, const ServedKey& key, std::string_view what) {
  Status permitted = Permit(visitor, key);
  if (!permitted.ok()) {
    audit_.Denied(*visitor.socket, visitor.caller, what, key.info.label, permitted.error().message());
  }
  return permitted;
}

Result<ServedKeyPtr> Handler::Find(const Visitor& visitor, const SignCall& call, Deadline deadline) {
  if (ServedKeyPtr key = Ready(visitor, call); key != nullptr) return key;
  RK_TRY(ServedKeyPtr key, keys_.Find(call.key, TokensOf(visitor), deadline));
  if (!KeysOf(visitor)(keys_.tokens()[key->token].name, key->named)) {
    DenialOf(visitor, audit_, "sign")(key->named);
    // As of a key that there is not.
    return NotFound("no key that this caller may use has that public key").WithReason("key_not_found");
  }
  RK_RETURN_IF_ERROR(PermitOrDeny(visitor, *key, "sign"));
  return key;
}

Result<std::size_t> Handler::Sign(const Visitor& visitor, const SignCall& call, std::uint32_t number, const Turn& turn,
                                  std::span<std::uint8_t> out) {
  RK_TRY(const ServedKeyPtr key, Find(visitor, call, turn.deadline));
  const Share share{.priority = FromWire(call.urgency), .flow = FlowOf(visitor, call)};
  SignTimes times{.queued = turn.waited};
  RK_TRY(const Bytes signature, key->signer->SignFor({.deadline = turn.deadline, .share = share, .times = &times},
                                                     FromWire(call.scheme), call.input));
  if (IsRsa(key->info.public_key.type())) {
    // One that went wrong in a CRT half tells whoever sees it a factor of the modulus (Boneh, DeMillo and Lipton,
    // 1997).
    RK_RETURN_IF_ERROR(key->signer->public_key().Verify(FromWire(call.scheme), call.input, signature));
  }
  key->signed_by->store(visitor.caller.pid, std::memory_order_relaxed);
  if (observer_ != nullptr) observer_->Signed(keys_.tokens()[key->token].name, times);
  return Encode(Reply{number, SignReply{.signature = signature,
                                        .concurrency = std::clamp(key->signer->Concurrency(), 1U, 1024U),
                                        .queued_ns = static_cast<std::uint64_t>(times.queued.count())}},
                out);
}

Result<std::size_t> Handler::List(const Visitor& visitor, const ListCall& call, std::uint32_t number, Deadline deadline,
                                  std::span<std::uint8_t> out) {
  RK_TRY(const auto keys, keys_.List(TokensOf(visitor), KeysOf(visitor), deadline));
  ListReply page;
  for (const ServedKeyPtr& key : keys) {
    if (FingerprintOf(key->info.public_key) <= call.after || !Permit(visitor, *key).ok()) continue;
    const auto described =
        rootkeep::keysocket::Describe(key->info, key->named.use, key->uri, key->signer->Concurrency());
    if (!described) continue;
    if (page.count == kKeysOnAPage) {
      page.more = true;
      break;
    }
    page.keys[page.count++] = *described;
  }
  return Encode(Reply{number, page}, out);
}

Result<ServedKeyPtr> Handler::Describe(const Visitor& visitor, const DescribeCall& call, Deadline deadline) {
  RK_TRY(const KeyUri uri, ParseUri(call.name));
  RK_TRY(auto key,
         keys_.Open(uri, TokensOf(visitor), KeysOf(visitor), DenialOf(visitor, audit_, "describe"), deadline));
  RK_RETURN_IF_ERROR(PermitOrDeny(visitor, *key, "describe"));
  return key;
}

Status Handler::CheckNotInUse(const Visitor& visitor, const std::string& token, const KeySpec& spec) const {
  if (spec.use != KeyUse::kForeignCa || !connected_) return Ok();
  const LabelParts key{.use = spec.use, .name = spec.name, .generation = spec.generation};
  for (const pid_t signer : keys_.SignersWith(spec.use, spec.name)) {
    if (signer == visitor.caller.pid || !connected_(signer, token, key)) continue;
    return FailedPrecondition(fmt::format("process {} ({}) signs with the key \"{}\", which a new one would replace",
                                          signer, ProgramOf(signer), spec.name))
        .WithReason("key_in_use")
        .WithHint("two programs have one name for their keys: give each its own instance");
  }
  return Ok();
}

KeySpec Handler::SpecOf(const CreateCall& call) {
  return {.type = FromWire(call.type),
          .use = FromWire(call.use),
          .name = std::string(call.name),
          .generation = call.generation,
          .custody = FromWire(call.custody)};
}

Result<ServedKeyPtr> Handler::Create(const Visitor& visitor, const CreateCall& call, Deadline deadline) {
  const KeySpec spec = SpecOf(call);
  RK_TRY(const std::string label, LabelOf(spec));
  const auto token = MayCreate(*visitor.socket, visitor.caller, spec, token_names_);
  const bool local = spec.custody == CustodyLevel::kLocalOnly;
  if (!token || !local) {
    audit_.Denied(*visitor.socket, visitor.caller, "create", label,
                  local ? "no grant of this socket's lets this caller make that key"
                        : "only an operator makes keys that a backup may wrap");
    return PermissionDenied("this caller may not make the key " + label).WithReason(kReasonNotPermitted);
  }
  RK_RETURN_IF_ERROR(CheckNotInUse(visitor, *token, spec));
  RK_TRY(auto key, keys_.Create(*token, spec, deadline));
  Audit::Created(*visitor.socket, visitor.caller, key->info.label);
  return key;
}

Result<std::size_t> Handler::Do(const Visitor& visitor, const Request& request, const Turn& turn,
                                std::span<std::uint8_t> out) {
  const std::uint32_t number = request.number;
  if (const auto* sign = std::get_if<SignCall>(&request.call)) return Sign(visitor, *sign, number, turn, out);
  if (const auto* list = std::get_if<ListCall>(&request.call)) return List(visitor, *list, number, turn.deadline, out);
  if (std::holds_alternative<ProbeCall>(request.call)) {
    RK_RETURN_IF_ERROR(keys_.Probe(TokensOf(visitor), turn.deadline));
    return Encode(Reply{number, DoneReply{}}, out);
  }
  Result<ServedKeyPtr> key = Internal("a hello is not answered here");
  if (const auto* describe = std::get_if<DescribeCall>(&request.call)) {
    key = Describe(visitor, *describe, turn.deadline);
  }
  if (const auto* create = std::get_if<CreateCall>(&request.call)) key = Create(visitor, *create, turn.deadline);
  if (!key.ok()) return std::move(key).error();
  return EncodeKey(number, **key, out);
}

std::size_t Handler::Answer(const Visitor& visitor, const Request& request, const Turn& turn,
                            std::span<std::uint8_t> out) noexcept {
  try {
    const Result<std::size_t> size = Do(visitor, request, turn, out);
    if (!size.ok()) return Refuse(request, size.error(), out);
    Tell(request, "ok");
    return *size;
  } catch (...) {
    Tell(request, CodeName(Code::kInternal));
    return Encode(Reply{request.number, WireFailure(FailureCode::kInternal, "", "the agent failed")}, out);
  }
}

}  // namespace rootkeep::keysocket
