#include "tests/bench/signer/measure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <thread>

#include "tests/bench/load/cpu_clock.h"
#include "tests/bench/workload/rate.h"

namespace rootkeep::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kRawThreads{1, 2};
constexpr Seconds kWarmUp{1};
// How long the queue may take to find a slow device's slots, and for how long nothing changes when it has.
constexpr Seconds kLongestSearch{60};
constexpr double kSettled = 12;  // times the latency, and at least...
constexpr Seconds kSettledAtLeast{1};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

SignatureScheme SchemeFor(const Signer& signer) {
  return IsRsa(signer.public_key().type()) ? SignatureScheme::kRsaPkcs1Sha256 : SignatureScheme::kEcdsaSha256;
}

Status SignOnce(const Signer& signer, ByteView digest) {
  const auto signature = signer.Sign(SchemeFor(signer), digest, After(std::chrono::seconds(30)));
  return signature.ok() ? Ok() : Status(signature.error());
}

Result<double> RawRate(RawToken& token, int threads, ByteView digest, Seconds duration) {
  return Rate(threads, duration, [&](int) -> Result<Step> {
    RK_TRY(RawSigner raw, token.OpenSigner());
    return Step([raw, digest, signature = Bytes{}](std::size_t) mutable { return raw.Sign(digest, signature); });
  });
}

Result<double> SignerRate(const Signer& signer, int threads, ByteView digest, Seconds duration) {
  return Rate(threads, duration,
              [&](int) -> Result<Step> { return Step([&](std::size_t) { return SignOnce(signer, digest); }); });
}

// Of all programs: what they take, the signer cannot use.
Seconds ProcessorTime() { return Seconds(ReadCpu(std::nullopt).machine); }

// Waits until the signer's concurrency has been the same for a while.
Status AwaitSettled(const Signer& signer, Seconds latency, const std::atomic<bool>& failed) {
  const auto begin = Clock::now();
  const Seconds settled = std::max(latency * kSettled, kSettledAtLeast);
  unsigned known = signer.Concurrency();
  auto since = begin;
  while (Clock::now() - since < settled) {
    if (failed) return Ok();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto now = Clock::now();
    // Trials come back to the same number; what is new and larger is progress.
    if (const unsigned current = signer.Concurrency(); current > known) {
      known = current;
      since = now;
    }
    if (now - begin > kLongestSearch) return Internal("the queue has not settled on a concurrency");
  }
  return Ok();
}

}  // namespace

Result<std::string> MeasureRates(RawToken& token, const Signer& signer, const std::vector<int>& threads,
                                 Seconds duration, int rounds) {
  const Bytes digest(32, 7);
  std::array<std::vector<double>, kRawThreads.size()> raw;
  std::vector<std::vector<double>> rates(threads.size());
  // The queue learns with many threads, as it would in a daemon that has just started.
  RK_RETURN_IF_ERROR(SignerRate(signer, 16, digest, kWarmUp));
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < kRawThreads.size(); ++i) {
      RK_TRY(const double rate, RawRate(token, kRawThreads[i], digest, duration));
      raw[i].push_back(rate);
    }
    for (std::size_t i = 0; i < threads.size(); ++i) {
      RK_TRY(const double rate, SignerRate(signer, threads[i], digest, duration));
      rates[i].push_back(rate);
    }
  }
  std::vector<std::string> found;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    // Beside the module at its best with no more threads than there are.
    const std::size_t best = threads[i] > 1 && Median(raw[1]) > Median(raw[0]) ? 1 : 0;
    std::vector<double> ratios;
    for (std::size_t round = 0; round < rates[i].size(); ++round) ratios.push_back(rates[i][round] / raw[best][round]);
    found.push_back(fmt::format(R"({{"threads":{},"rate":{:.1f},"raw_threads":{},"ratio":{:.4f}}})", threads[i],
                                Median(rates[i]), kRawThreads[best], Median(ratios)));
  }
  return fmt::format(R"({{"raw":[{:.1f},{:.1f}],"concurrency":{},"signer":[{}]}})", Median(raw[0]), Median(raw[1]),
                     signer.Concurrency(), fmt::join(found, ","));
}

Result<std::string> MeasureBeside(const Signer& signer, const Signer& baseline, const std::vector<int>& threads,
                                  Seconds duration, int rounds) {
  const Bytes digest(32, 7);
  for (const Signer* one : {&baseline, &signer}) RK_RETURN_IF_ERROR(SignerRate(*one, 16, digest, kWarmUp));
  std::vector<std::string> found;
  for (const int count : threads) {
    std::vector<double> rates;
    std::vector<double> baselines;
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) {
      RK_TRY(const double bare, SignerRate(baseline, count, digest, duration));
      RK_TRY(const double rate, SignerRate(signer, count, digest, duration));
      rates.push_back(rate);
      baselines.push_back(bare);
      ratios.push_back(rate / bare);
    }
    found.push_back(fmt::format(R"({{"threads":{},"rate":{:.1f},"baseline":{:.1f},"ratio":{:.4f}}})", count,
                                Median(rates), Median(baselines), Median(ratios)));
  }
  return fmt::format("[{}]", fmt::join(found, ","));
}

Result<std::string> MeasureSlots(const Signer& signer, unsigned slots, Seconds latency, Seconds duration) {
  const Bytes digest(32, 7);
  std::atomic<std::size_t> made = 0;
  std::atomic<bool> failed = false;
  std::vector<Status> statuses(2 * static_cast<std::size_t>(slots));
  std::vector<std::jthread> threads;
  threads.reserve(statuses.size());
  for (Status& status : statuses) {
    threads.emplace_back([&](const std::stop_token& stop) {
      while (!stop.stop_requested() && status.ok()) {
        status = SignOnce(signer, digest);
        ++made;
      }
      if (!status.ok()) failed = true;
    });
  }
  RK_RETURN_IF_ERROR(AwaitSettled(signer, latency, failed));
  // A whole number of signatures a slot, from one that comes to one that comes: those of all slots may come together.
  const std::size_t whole = slots * static_cast<std::size_t>(std::max(10.0, std::ceil(duration / latency)));
  const auto await = [&](std::size_t count) {
    while (made < count && !failed) std::this_thread::sleep_for(std::chrono::microseconds(100));
  };
  await(made + 1);
  const std::size_t before = made;
  const Seconds used = ProcessorTime();
  const auto begin = Clock::now();
  await(before + whole);
  const std::size_t after = made;
  const Seconds spent = Clock::now() - begin;
  const double processors = (ProcessorTime() - used) / spent;
  for (auto& thread : threads) thread.request_stop();
  threads.clear();
  for (const Status& status : statuses) RK_RETURN_IF_ERROR(status);
  return fmt::format(R"({{"rate":{:.2f},"ideal":{:.2f},"concurrency":{},"processors":{:.2f}}})",
                     static_cast<double>(after - before) / spent.count(), slots / latency.count(), signer.Concurrency(),
                     processors);
}

Result<std::string> MeasureAdded(RawToken& token, const Signer& signer, Seconds duration) {
  constexpr int kBlock = 50;
  const Bytes digest(32, 7);
  RK_TRY(RawSigner raw, token.OpenSigner());
  Bytes signature;
  std::vector<double> through;
  std::vector<double> bare;
  const auto timed = [](std::vector<double>& times, const auto& work) -> Status {
    for (int i = 0; i < kBlock; ++i) {
      const auto begin = Clock::now();
      RK_RETURN_IF_ERROR(work());
      times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - begin).count());
    }
    return Ok();
  };
  const auto end = Clock::now() + duration;
  while (Clock::now() < end) {
    RK_RETURN_IF_ERROR(timed(through, [&] { return SignOnce(signer, digest); }));
    RK_RETURN_IF_ERROR(timed(bare, [&] { return raw.Sign(digest, signature); }));
  }
  const double with = Median(std::move(through));
  const double without = Median(std::move(bare));
  return fmt::format(R"({{"signer_us":{:.2f},"raw_us":{:.2f},"added_us":{:.2f}}})", with, without, with - without);
}

}  // namespace rootkeep::bench
