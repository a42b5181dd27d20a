#include "tools/chaos/scenario.h"

#include <fmt/format.h>

#include <array>

#include "tools/chaos/line.h"

namespace rootkeep::chaos {
namespace {

Status AddRule(Scenario& scenario, unsigned number, Line& line, std::optional<Function> function, Fault fault) {
  Rule rule{.line = number, .function = function, .fault = std::move(fault)};
  RK_TRY(rule.trigger, line.TakeTrigger());
  rule.quiet = line.Flag("quiet");
  scenario.rules.push_back(std::move(rule));
  return Ok();
}

Result<std::optional<Function>> TakeFunction(Line& line) {
  RK_TRY(const std::string word, line.Next("the function"));
  return ReadFunction(word);
}

Status ParseFail(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto function, TakeFunction(line));
  RK_TRY(const std::string code, line.Next("the error code"));
  RK_TRY(const CK_RV rv, ReadCode(code));
  return AddRule(scenario, number, line, function, Fail{rv});
}

Result<Delay> ReadDelay(std::string_view text) {
  constexpr std::string_view kMean = "exp:";
  Delay delay;
  if (text.starts_with(kMean)) {
    delay.shape = Delay::Shape::kExponential;
    RK_TRY(delay.low, ReadTime(text.substr(kMean.size())));
    return delay;
  }
  const auto dots = text.find("..");
  RK_TRY(delay.low, ReadTime(text.substr(0, dots)));
  if (dots == std::string_view::npos) return delay;
  delay.shape = Delay::Shape::kUniform;
  RK_TRY(delay.high, ReadTime(text.substr(dots + 2)));
  if (delay.high < delay.low) return InvalidArgument("a range starts with the shorter time");
  return delay;
}

Status ParseDelay(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto function, TakeFunction(line));
  const Result<std::string> time = line.Next("the time");
  if (!time.ok()) return time.error();
  RK_TRY(Delay delay, ReadDelay(*time));
  RK_TRY(const auto workers, line.Number("workers"));
  if (workers && (*workers == 0 || *workers > 10000)) return InvalidArgument("workers is from 1 to 10000");
  delay.workers = static_cast<unsigned>(workers.value_or(0));
  return AddRule(scenario, number, line, function, delay);
}

template <typename Plain>
Status ParsePlain(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto function, TakeFunction(line));
  return AddRule(scenario, number, line, function, Plain{});
}

Result<WrongSignature::Kind> ReadKind(std::string_view text) {
  for (const auto& [name, kind] : kSignatureKinds) {
    if (name == text) return kind;
  }
  return InvalidArgument(fmt::format("not a kind of wrong signature: \"{}\"", text));
}

Status ParseSignature(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto function, TakeFunction(line));
  if (function != Function::C_Sign && function != Function::C_SignFinal) {
    return InvalidArgument("only C_Sign and C_SignFinal give signatures");
  }
  RK_TRY(const std::string word, line.Next("the kind of wrong signature"));
  RK_TRY(const auto kind, ReadKind(word));
  return AddRule(scenario, number, line, function, WrongSignature{kind});
}

Status ParseOtherKey(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto function, TakeFunction(line));
  if (function != Function::C_SignInit) return InvalidArgument("the key is chosen at C_SignInit");
  OtherKey other;
  if (const auto label = line.Option("label")) {
    RK_TRY(other.label, ReadText(*label));
  }
  return AddRule(scenario, number, line, function, other);
}

Status ParseTokenAway(Scenario& scenario, unsigned number, Line& line) {
  TokenAway away{.line = number};
  RK_TRY(away.slot, line.Number("slot"));
  if (const auto code = line.Option("sessions")) {
    RK_TRY(away.sessions, ReadCode(*code));
  }
  scenario.away.push_back(away);
  return Ok();
}

Status ParseSlot(Scenario& scenario, unsigned /*number*/, Line& line) {
  RK_TRY(const std::string word, line.Next("SHOWN=REAL"));
  const auto equals = word.find('=');
  if (equals == std::string::npos) return InvalidArgument("a slot is SHOWN=REAL");
  RK_TRY(const auto shown, ReadNumber(std::string_view(word).substr(0, equals)));
  RK_TRY(const auto real, ReadNumber(std::string_view(word).substr(equals + 1)));
  if (!scenario.slots.Name(shown, real)) return InvalidArgument("this slot has a number already");
  return Ok();
}

Status ParseSlotOffset(Scenario& scenario, unsigned /*number*/, Line& line) {
  RK_TRY(const std::string word, line.Next("the offset"));
  RK_TRY(const auto offset, ReadNumber(word));
  scenario.slots.Shift(offset);
  return Ok();
}

Status ParseRefusePin(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const auto attempts, line.Number("attempts"));
  if (attempts == 0U || attempts > 1000U) return InvalidArgument("attempts is from 1 to 1000");
  scenario.refuse_pin = {.line = number, .attempts = attempts};
  return Ok();
}

Status ParseSessionLimit(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const std::string word, line.Next("the number of sessions"));
  RK_TRY(const auto count, ReadNumber(word));
  scenario.session_limit = {.line = number, .count = count, .announced = line.Flag("announced")};
  return Ok();
}

Status ParseTokenMemory(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const std::string free, line.Next("the octets that are free"));
  RK_TRY(const std::string total, line.Next("how many there are"));
  scenario.token_memory = TokenMemory{.line = number};
  RK_TRY(scenario.token_memory->free, ReadNumber(free));
  RK_TRY(scenario.token_memory->total, ReadNumber(total));
  return Ok();
}

Result<std::pair<CK_ATTRIBUTE_TYPE, std::string>> ReadSelector(std::string_view text) {
  constexpr std::string_view kLabel = "label:";
  constexpr std::string_view kId = "id:";
  if (text.starts_with(kLabel)) {
    RK_TRY(auto label, ReadText(text.substr(kLabel.size())));
    return std::pair<CK_ATTRIBUTE_TYPE, std::string>(CKA_LABEL, std::move(label));
  }
  if (!text.starts_with(kId)) return InvalidArgument("a key is label:TEXT or id:HEX");
  RK_TRY(auto id, ReadHex(text.substr(kId.size())));
  return std::pair<CK_ATTRIBUTE_TYPE, std::string>(CKA_ID, std::move(id));
}

Status ParseSwapKey(Scenario& scenario, unsigned number, Line& line) {
  RK_TRY(const std::string first, line.Next("the key to replace"));
  RK_TRY(const std::string second, line.Next("the key to give instead"));
  RK_TRY(auto from, ReadSelector(first));
  RK_TRY(auto to, ReadSelector(second));
  if (from.first != to.first) return InvalidArgument("both keys are named by label, or both by id");
  if (from.second == to.second) return InvalidArgument("a key cannot be swapped with itself");
  SwapKey swap{.line = number, .by = from.first, .from = std::move(from.second), .to = std::move(to.second)};
  const auto half = line.Option("class").value_or("both");
  if (half == "private") swap.object_class = CKO_PRIVATE_KEY;
  if (half == "public") swap.object_class = CKO_PUBLIC_KEY;
  if (!swap.object_class && half != "both") return InvalidArgument("class is private, public or both");
  scenario.swaps.push_back(std::move(swap));
  return Ok();
}

Status ParseSeed(Scenario& scenario, unsigned /*number*/, Line& line) {
  RK_TRY(const std::string word, line.Next("the seed"));
  RK_TRY(scenario.seed, ReadNumber(word));
  return Ok();
}

struct Verb {
  std::string_view name;
  Status (*parse)(Scenario&, unsigned, Line&);
  bool once = false;
};

constexpr auto kVerbs = std::to_array<Verb>({
    {"fail", ParseFail},
    {"delay", ParseDelay},
    {"hang", ParsePlain<Hang>},
    {"crash", ParsePlain<Crash>},
    {"lose-sessions", ParsePlain<LoseSessions>},
    {"signature", ParseSignature},
    {"other-key", ParseOtherKey},
    {"token-away", ParseTokenAway},
    {"slot", ParseSlot},
    {"slot-offset", ParseSlotOffset, true},
    {"refuse-pin", ParseRefusePin, true},
    {"session-limit", ParseSessionLimit, true},
    {"token-memory", ParseTokenMemory, true},
    {"swap-key", ParseSwapKey},
    {"seed", ParseSeed, true},
});

Status ParseLine(Scenario& scenario, unsigned number, Line& line, std::vector<std::string_view>& seen) {
  RK_TRY(const std::string word, line.Next("the verb"));
  for (const Verb& verb : kVerbs) {
    if (verb.name != word) continue;
    for (const std::string_view before : seen) {
      if (verb.once && before == verb.name) return InvalidArgument(fmt::format("{} is there twice", verb.name));
    }
    seen.push_back(verb.name);
    RK_RETURN_IF_ERROR(verb.parse(scenario, number, line));
    return line.Finish();
  }
  return InvalidArgument(fmt::format("unknown verb \"{}\"", word));
}

}  // namespace

const TokenAway* Scenario::AwayFrom(CK_SLOT_ID slot) const {
  for (const TokenAway& entry : away) {
    if (!entry.slot || *entry.slot == slot) return &entry;
  }
  return nullptr;
}

Result<Scenario> Scenario::Parse(std::string_view text) {
  Scenario scenario;
  std::vector<std::string_view> seen;
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    Line line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty()) continue;
    auto status = ParseLine(scenario, number, line, seen);
    if (!status.ok()) return std::move(status).error().Within(fmt::format("line {}", number));
  }
  return scenario;
}

}  // namespace rootkeep::chaos
