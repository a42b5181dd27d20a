#include "keystore/isolated/host/server.h"

#include <algorithm>

namespace rootkeep::isolated {
namespace {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

// The other side waits for a reply, so there is room at once unless it is stopped.
Status SendReply(Channel& channel, const Request& request, Reply reply) {
  return channel.Send(Encode(NumberedReply{request.number, std::move(reply)}), After(std::chrono::seconds(30)));
}

Error NotOffered(const char* what) {
  return Error(Code::kUnimplemented, std::string("this token's store has no ") + what);
}

}  // namespace

std::uint32_t OpenKeys::Add(std::shared_ptr<const Signer> signer) {
  const MutexLock lock(mutex_);
  const auto found = std::ranges::find(keys_, signer, [](const auto& entry) { return entry.second; });
  if (found != keys_.end()) return found->first;
  if (keys_.size() >= kMost) keys_.erase(keys_.begin());
  keys_.emplace(++last_, std::move(signer));
  return last_;
}

Result<std::shared_ptr<const Signer>> OpenKeys::Find(std::uint32_t number) const {
  const MutexLock lock(mutex_);
  const auto found = keys_.find(number);
  if (found == keys_.end()) return NotFound("the token host has no key of this number").WithReason(kReasonKeyNumber);
  return found->second;
}

void OpenKeys::Forget(const KeyUri& key) {
  const MutexLock lock(mutex_);
  std::erase_if(keys_, [&key](const auto& entry) {
    const KeyInfo& info = entry.second->info();
    return (key.object_label.empty() || key.object_label == info.label) &&
           (key.object_id.empty() || key.object_id == info.id);
  });
}

Server::Server(KeyStore& store, std::vector<Channel> channels) : store_(store) {
  threads_.reserve(channels.size());
  for (Channel& channel : channels) {
    threads_.emplace_back([this](Channel mine) { Serve(std::move(mine)); }, std::move(channel));
  }
}

void Server::Serve(Channel channel) {
  for (;;) {
    const auto message = channel.Receive(std::nullopt);
    if (!message.ok()) return;
    const auto request = DecodeRequest(*message);
    if (!request.ok()) return;
    if (!Answer(channel, *request).ok()) return;
  }
}

Status Server::Answer(Channel& channel, const Request& request) {
  try {
    if (std::holds_alternative<ListCall>(request.call)) return AnswerList(channel, request);
    return SendReply(channel, request, Handle(request));
  } catch (...) {
    return SendReply(channel, request, Internal("the token host failed"));
  }
}

Reply Server::Handle(const Request& request) {
  const Deadline deadline = request.deadline;
  Result<Reply> reply = std::visit(
      Overloaded{[&](const OpenCall& call) { return Open(call.uri, deadline); },
                 [&](const CreateCall& call) { return Create(call.spec, deadline); },
                 [&](const ListCall& /*call*/) -> Result<Reply> { return Internal("a list has many replies"); },
                 [&](const ProbeCall& /*call*/) { return Probe(deadline); },
                 [&](const DeleteCall& call) { return Delete(call.uri, deadline); },
                 [&](const SignCall& call) { return Sign(call, deadline); },
                 [&](const SpaceCall& /*call*/) { return AskSpace(deadline); },
                 [&](const DeleteRemainsCall& call) { return DeleteRemains(call.remains, deadline); }},
      request.call);
  return reply.ok() ? *std::move(reply) : Reply(std::move(reply).error());
}

Status Server::AnswerList(Channel& channel, const Request& request) {
  auto keys = store_.List(request.deadline);
  if (!keys.ok()) return SendReply(channel, request, std::move(keys).error());
  for (KeyInfo& info : *keys) RK_RETURN_IF_ERROR(SendReply(channel, request, Key{std::move(info)}));
  return SendReply(channel, request, Done{});
}

Result<Reply> Server::Open(const KeyUri& uri, Deadline deadline) {
  RK_TRY(auto signer, store_.Open(uri, deadline));
  KeyInfo info = signer->info();
  return Reply(Opened{keys_.Add(std::move(signer)), std::move(info)});
}

Result<Reply> Server::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(KeyInfo info, store_.Create(spec, deadline));
  return Reply(Key{std::move(info)});
}

Result<Reply> Server::Probe(Deadline deadline) {
  HealthProbe* probe = store_.health();
  if (probe == nullptr) return NotOffered("health probe");
  RK_RETURN_IF_ERROR(probe->Probe(deadline));
  return Reply(Done{});
}

Result<Reply> Server::Delete(const KeyUri& uri, Deadline deadline) {
  KeyDeleter* deleter = store_.deleter();
  if (deleter == nullptr) return NotOffered("means to delete a key");
  RK_RETURN_IF_ERROR(deleter->Delete(uri, deadline));
  keys_.Forget(uri);
  return Reply(Done{});
}

Result<Reply> Server::DeleteRemains(const KeyRemains& remains, Deadline deadline) {
  KeyDeleter* deleter = store_.deleter();
  if (deleter == nullptr) return NotOffered("means to delete a key");
  RK_RETURN_IF_ERROR(deleter->DeleteRemains(remains, deadline));
  return Reply(Done{});
}

Result<Reply> Server::AskSpace(Deadline deadline) {
  SpaceProbe* probe = store_.space();
  if (probe == nullptr) return NotOffered("space probe");
  RK_TRY(const auto space, probe->Space(deadline));
  return Reply(Space{space});
}

Result<Reply> Server::Sign(const SignCall& call, Deadline deadline) {
  RK_TRY(const auto signer, keys_.Find(call.key));
  SignTimes times;
  const SignOrder order{.deadline = deadline, .share = call.share, .times = &times};
  RK_TRY(Bytes signature, signer->SignFor(order, call.scheme, call.input));
  return Reply(Signed{std::move(signature), signer->Concurrency(), times.queued});
}

}  // namespace rootkeep::isolated
