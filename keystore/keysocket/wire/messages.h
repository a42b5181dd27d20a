// What a caller and the agent say to each other: one packet is one message, a call is a request and its reply, and a
// connection carries one call at a time (proto/keysocket/README.md). Nothing here allocates or throws.
#pragma once

#include <array>
#include <span>
#include <variant>

#include "keystore/keysocket/wire/failure.h"
#include "keystore/keysocket/wire/octets.h"
#include "keystore/keysocket/wire/values.h"

namespace rootkeep::keysocket {

// Of the messages below, from the first that a caller speaks to the last.
inline constexpr std::uint16_t kLowestVersion = 1;
inline constexpr std::uint16_t kHighestVersion = 1;

inline constexpr std::size_t kMaxRequest = 66 * 1024;    // kMaxInput and what surrounds it
inline constexpr std::size_t kMaxRequestHead = 256;      // a sign request without its input
inline constexpr std::size_t kMaxReply = 60 * 1024;      // a page of a list
inline constexpr std::size_t kMaxShortReply = 4 * 1024;  // any other
inline constexpr std::size_t kKeysOnAPage = 16;
inline constexpr std::size_t kFlowMark = 16;  // octets
// Longer than anybody waits for a signature: a request may ask for no more.
inline constexpr std::uint32_t kLongestWaitMs = 600'000;

// The first request of a connection.
struct HelloCall {
  std::uint16_t lowest = kLowestVersion;
  std::uint16_t highest = kHighestVersion;
};
// The keys that the caller may use, in the order of their fingerprints, from the one behind `after` on.
struct ListCall {
  Fingerprint after{};
};
struct DescribeCall {
  std::string_view name;  // a URI, unparsed
};
struct SignCall {
  Fingerprint key{};
  WireScheme scheme = WireScheme::kEcdsaSha256;
  WireUrgency urgency = WireUrgency::kInteractive;
  std::array<std::uint8_t, kFlowMark> flow{};  // stands for a caller of the caller's; heeded on a CA service's socket
  Octets input;                                // a digest, or for kEd25519 the message
};
// As a CreateCall's generation: the next of the name, which the agent finds.
inline constexpr std::uint32_t kNextGeneration = 0;

struct CreateCall {
  WireType type = WireType::kEcP256;
  WireUse use = WireUse::kApp;
  WireCustody custody = WireCustody::kLocalOnly;
  std::uint32_t generation = 1;
  std::string_view name;
};
struct ProbeCall {};

struct Request {
  std::uint32_t number = 0;   // the reply's too
  std::uint32_t wait_ms = 0;  // how long the caller waits, from when the agent reads this; 1 to kLongestWaitMs
  std::variant<HelloCall, ListCall, DescribeCall, SignCall, CreateCall, ProbeCall> call;
};

struct HelloReply {
  std::uint16_t version = kHighestVersion;
};
struct ListReply {
  bool more = false;  // ask again, after the last of these
  std::size_t count = 0;
  std::array<KeyDescription, kKeysOnAPage> keys{};
};
struct KeyReply {
  KeyDescription key;
};
struct SignReply {
  Octets signature;  // ECDSA: DER ECDSA-Sig-Value
  std::uint32_t concurrency = 1;
  std::uint64_t queued_ns = 0;  // that the call waited for its turn
};
struct DoneReply {};

struct Reply {
  std::uint32_t number = 0;
  std::variant<Failure, HelloReply, ListReply, KeyReply, SignReply, DoneReply> reply;
};

// Octets written; 0 when it does not fit into `out`, or a field is longer than it may be.
std::size_t Encode(const Request& request, std::span<std::uint8_t> out) noexcept;
std::size_t Encode(const Reply& reply, std::span<std::uint8_t> out) noexcept;
// The same without the input of a SignCall, which follows as it is.
std::size_t EncodeHead(const Request& request, std::span<std::uint8_t> out) noexcept;

// False for anything but one whole message. Views point into it.
[[nodiscard]] bool Decode(Octets message, Request& request) noexcept;
[[nodiscard]] bool Decode(Octets message, Reply& reply) noexcept;

// Whether a reply is one that the call can have; every call can have a Failure.
[[nodiscard]] bool Answers(const Request& request, const Reply& reply) noexcept;

}  // namespace rootkeep::keysocket
