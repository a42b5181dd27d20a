// Any octets as what SPIRE sends to a plugin: the session takes them or ends, and every call that comes is
// answered.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "providers/spire/unary/session.h"

namespace {

using rootkeep::spire::unary::Answer;
using rootkeep::spire::unary::Answers;
using rootkeep::spire::unary::Methods;
using rootkeep::spire::unary::RequestBudget;
using rootkeep::spire::unary::Session;

void Require(bool condition) {
  if (!condition) std::abort();
}

// In memory of its own, so that whoever reads beyond it is found out.
bool Take(Session& session, const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> octets(data, data + size);
  return session.Receive(octets).ok();
}

bool HandleCalls(Session& session, Answers& answers, std::vector<Answer>& ready) {
  for (;;) {
    auto next = session.NextCall();
    if (!next.ok()) return false;
    if (!*next) break;
    (*next)->method->handle(std::move((*next)->call));
  }
  answers.Take(ready);
  for (Answer& answer : ready) {
    if (!session.Submit(std::move(answer)).ok()) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Methods methods{{"/t/Echo", {[](const auto& call) { call->Finish({}, std::string(call->request())); }}},
                        {"/t/Refuse", {[](const auto& call) { call->Finish({.code = 5, .text = "\n"}); }}},
                        {"/t/Drop", {[](const auto&) {}}},
                        {"/t/Reads", {[](const auto& call) { call->Finish({}); }, false}},
                        {"/t/Open", {[](const auto& call) { call->LeaveOpen(); }, false}}};
  const auto answers = Answers::Make().value();
  answers->BelongToThisThread();
  const auto budget = std::make_shared<RequestBudget>(std::size_t{1} << 16);
  auto session = Session::Create(methods, answers, budget).value();
  std::vector<Answer> ready;
  std::string out;
  // The first octet says in pieces of which size the others come.
  const std::size_t piece = std::size_t{data[0]} + 1;
  for (std::size_t at = 1; at < size; at += piece) {
    if (!Take(*session, data + at, std::min(piece, size - at))) break;
    if (!HandleCalls(*session, *answers, ready) || !session->AppendPending(out).ok()) break;
    Require(answers->expected() == 0);
    out.clear();
  }
  session.reset();
  Require(budget->taken() == 0);
  return 0;
}
