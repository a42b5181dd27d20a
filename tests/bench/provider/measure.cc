#include "tests/bench/provider/measure.h"

#include <algorithm>
#include <array>

#include "tests/bench/provider/handshake.h"
#include "tests/bench/workload/rate.h"

namespace rootkeep::bench {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr std::array kRawThreads{1, 2};
constexpr Seconds kWarmUp{0.5};
constexpr std::size_t kMostSignature = 512;

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// One operation for one thread, set up once.
class EvpSigner {
 public:
  static Result<std::shared_ptr<EvpSigner>> Create(const OpenedWay& way) {
    ossl::PKeyCtx operation(EVP_PKEY_CTX_new_from_pkey(way.library(), way.key.get(), nullptr));
    if (EVP_PKEY_sign_init(operation.get()) != 1 ||
        EVP_PKEY_CTX_set_signature_md(operation.get(), ossl::Sha256()) != 1) {
      return ossl::TakeError(Code::kInternal, "EVP_PKEY_sign_init as " + way.name);
    }
    return std::make_shared<EvpSigner>(std::move(operation));
  }
  explicit EvpSigner(ossl::PKeyCtx operation) : operation_(std::move(operation)) {}

  Status Sign(ByteView digest) {
    std::size_t size = signature_.size();
    if (EVP_PKEY_sign(operation_.get(), signature_.data(), &size, digest.data(), digest.size()) == 1) return Ok();
    return ossl::TakeError(Code::kInternal, "EVP_PKEY_sign");
  }

 private:
  ossl::PKeyCtx operation_;
  std::array<unsigned char, kMostSignature> signature_{};
};

Result<double> RawRate(RawToken& token, int threads, ByteView digest, Seconds duration) {
  return Rate(threads, duration, [&](int) -> Result<Step> {
    RK_TRY(RawSigner raw, token.OpenSigner());
    return Step([raw, digest, signature = Bytes{}](std::size_t) mutable { return raw.Sign(digest, signature); });
  });
}

// What 99 of 100 do not exceed.
double P99(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) * 99 / 100);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// `p99s` gets one more, in milliseconds, of all threads' signatures together.
Result<double> SignRate(const OpenedWay& way, int threads, ByteView digest, Seconds duration,
                        std::vector<double>& p99s) {
  std::vector<std::shared_ptr<std::vector<double>>> times;  // each thread's own
  auto rate = Rate(threads, duration, [&](int) -> Result<Step> {
    RK_TRY(const auto signer, EvpSigner::Create(way));
    times.push_back(std::make_shared<std::vector<double>>());
    return Step([signer, digest, own = times.back()](std::size_t) {
      const auto begin = Clock::now();
      Status signed_it = signer->Sign(digest);
      own->push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
      return signed_it;
    });
  });
  std::vector<double> all;
  for (const auto& own : times) all.insert(all.end(), own->begin(), own->end());
  p99s.push_back(P99(std::move(all)));
  return rate;
}

// Rates of several things, round by round: rates[thing][round].
Result<std::vector<std::vector<double>>> InTurns(const std::vector<std::function<Result<double>(Seconds)>>& things,
                                                 const Turns& turns) {
  for (const auto& thing : things) RK_RETURN_IF_ERROR(thing(kWarmUp));
  std::vector<std::vector<double>> rates(things.size());
  for (int round = 0; round < turns.rounds; ++round) {
    for (std::size_t i = 0; i < things.size(); ++i) {
      const std::size_t turn = round % 2 == 0 ? i : things.size() - 1 - i;
      RK_TRY(const double rate, things[turn](turns.duration));
      rates[turn].push_back(rate);
    }
  }
  return rates;
}

double Ratio(const std::vector<double>& rates, const std::vector<double>& baseline) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < rates.size(); ++i) ratios.push_back(rates[i] / baseline[i]);
  return Median(std::move(ratios));
}

Status Timed(std::vector<double>& times, int count, const std::function<Status()>& work) {
  for (int i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    RK_RETURN_IF_ERROR(work());
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
  }
  return Ok();
}

}  // namespace

Result<json> MeasureSign(RawToken& token, const Ways& ways, const std::vector<int>& threads, const Turns& turns) {
  const Bytes digest(32, 7);
  std::vector<std::function<Result<double>(Seconds)>> things;
  things.reserve(kRawThreads.size() + ways.size() * threads.size());
  for (const int count : kRawThreads) {
    things.emplace_back([&, count](Seconds duration) { return RawRate(token, count, digest, duration); });
  }
  std::vector<std::vector<double>> p99s(ways.size() * threads.size());  // of the warm-up, and of each round
  auto of_thing = p99s.begin();
  for (const OpenedWay& way : ways) {
    for (const int count : threads) {
      things.emplace_back(
          [&, count, &mine = *of_thing++](Seconds duration) { return SignRate(way, count, digest, duration, mine); });
    }
  }
  RK_TRY(const auto rates, InTurns(things, turns));
  json found{{"raw", {Median(rates[0]), Median(rates[1])}}};
  std::size_t next = kRawThreads.size();
  for (const OpenedWay& way : ways) {
    for (const int count : threads) {
      const std::size_t best = count > 1 && Median(rates[1]) > Median(rates[0]) ? 1 : 0;
      found[way.name].push_back(
          {{"threads", count},
           {"rate", Median(rates[next])},
           {"p99_ms", Median({p99s[next - kRawThreads.size()].begin() + 1, p99s[next - kRawThreads.size()].end()})},
           {"raw_threads", kRawThreads.at(best)},
           {"ratio", Ratio(rates[next], rates[best])}});
      ++next;
    }
  }
  return found;
}

Result<json> MeasureHandshakes(const Ways& ways, int version, int threads, const Turns& turns) {
  std::vector<TlsPair> pairs;
  std::vector<std::function<Result<double>(Seconds)>> things;
  for (const OpenedWay& way : ways) {
    RK_TRY(TlsPair pair, TlsPair::Create(way, version, ways.front().library()));
    pairs.push_back(std::move(pair));
  }
  for (const TlsPair& pair : pairs) {
    things.emplace_back([&pair, threads](Seconds duration) {
      return Rate(threads, duration,
                  [&](int) -> Result<Step> { return Step([&pair](std::size_t) { return pair.Handshake(); }); });
    });
  }
  RK_TRY(const auto rates, InTurns(things, turns));
  const auto handover = std::ranges::find(ways, "handover", &OpenedWay::name);
  json found;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    json& one = found[ways[i].name];
    one = {{"rate", Median(rates[i])}, {"ratio", Ratio(rates[i], rates[0])}};
    if (handover == ways.end()) continue;
    one["per_handover"] = Ratio(rates[i], rates[static_cast<std::size_t>(handover - ways.begin())]);
  }
  return found;
}

Result<json> MeasureAdded(RawToken& token, const Ways& ways, Seconds duration) {
  constexpr int kBlock = 50;
  const Bytes digest(32, 7);
  RK_TRY(RawSigner raw, token.OpenSigner());
  Bytes signature;
  std::vector<double> bare;
  std::vector<std::shared_ptr<EvpSigner>> signers;
  std::vector<std::vector<double>> times(ways.size());
  for (const OpenedWay& way : ways) {
    RK_TRY(auto signer, EvpSigner::Create(way));
    signers.push_back(std::move(signer));
  }
  const auto end = Clock::now() + duration;
  while (Clock::now() < end) {
    RK_RETURN_IF_ERROR(Timed(bare, kBlock, [&] { return raw.Sign(digest, signature); }));
    for (std::size_t i = 0; i < ways.size(); ++i) {
      RK_RETURN_IF_ERROR(Timed(times[i], kBlock, [&] { return signers[i]->Sign(digest); }));
    }
  }
  const double raw_us = Median(std::move(bare));
  json found{{"raw_us", raw_us}};
  for (std::size_t i = 0; i < ways.size(); ++i) {
    const double us = Median(std::move(times[i]));
    found[ways[i].name] = {{"us", us}, {"added_us", us - raw_us}};
  }
  return found;
}

Result<json> MeasureLoad(const Ways& ways, Seconds duration) {
  constexpr int kBlock = 10;
  std::vector<std::vector<double>> times(ways.size());
  const auto end = Clock::now() + duration;
  while (Clock::now() < end) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      RK_RETURN_IF_ERROR(Timed(times[i], kBlock, [&]() -> Status {
        if (ways[i].load() != nullptr) return Ok();
        return ossl::TakeError(Code::kInternal, "loading the key as " + ways[i].name);
      }));
    }
  }
  json found;
  for (std::size_t i = 0; i < ways.size(); ++i) found[ways[i].name] = Median(std::move(times[i]));
  return found;
}

}  // namespace rootkeep::bench
