#include "signer/node/rate_limit.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "keystore/base/bytes.h"

namespace rootkeep {
namespace {

using Duration = std::chrono::steady_clock::duration;

Duration IntervalOf(const RateRule& rule) { return Duration(std::chrono::minutes(1)) / rule.per_minute; }

constexpr std::chrono::seconds kSweepEvery{1};
constexpr std::string_view kIpv4 = "ipv4:";
constexpr std::string_view kIpv6 = "ipv6:";

// "[::1]:1" or, since gRPC writes URIs, "%5B::1%5D:1"; with a zone in some.
std::string_view BareAddress(std::string_view text) {
  for (const std::string_view open : {"[", "%5B"}) {
    if (text.starts_with(open)) text.remove_prefix(open.size());
  }
  return text.substr(0, text.find_first_of("]%"));
}

}  // namespace

Status RateLimit::Take(std::string_view key, Deadline now) {
  const Duration interval = IntervalOf(rule_);
  const MutexLock lock(mutex_);
  if (earned_at_.size() >= most_ && !earned_at_.contains(std::string(key))) MakeRoom(now);
  Deadline& earned_at = earned_at_.try_emplace(std::string(key), now).first->second;
  const Deadline next = std::max(earned_at, now) + interval;
  const Duration ahead = next - now;
  if (ahead > interval * rule_.burst) {
    return ResourceExhausted("too many attempts").WithReason("rate").WithRetryAfter(ahead - interval * rule_.burst);
  }
  earned_at = next;
  return Ok();
}

std::size_t RateLimit::size() const {
  const MutexLock lock(mutex_);
  return earned_at_.size();
}

void RateLimit::MakeRoom(Deadline now) {
  if (now >= swept_at_ + kSweepEvery) {
    swept_at_ = now;
    std::erase_if(earned_at_, [&](const auto& entry) { return entry.second <= now; });
  }
  if (earned_at_.size() >= most_) earned_at_.erase(earned_at_.begin());
}

std::string NetworkOf(std::string_view peer) {
  if (peer.starts_with(kIpv4)) return std::string(peer.substr(0, peer.rfind(':')));
  if (!peer.starts_with(kIpv6)) return std::string(peer);
  const std::string address(BareAddress(peer.substr(kIpv6.size())));
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET6, address.c_str(), octets.data()) != 1) return std::string(peer);
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  const bool mapped = std::equal(kMapped.begin(), kMapped.end(), octets.begin());
  return "ipv6:" + ToHex(ByteView(octets).first(mapped ? octets.size() : 8));
}

}  // namespace rootkeep
