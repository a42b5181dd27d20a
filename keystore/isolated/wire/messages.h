// What the process that needs keys and the token host say to each other: one packet is one message, a call is a request
// and its reply, and a channel carries one call at a time (keystore/isolated/README.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "keystore/base/clock.h"
#include "keystore/base/log.h"
#include "keystore/base/result.h"
#include "keystore/isolated/wire/values.h"
#include "keystore/key_store.h"
#include "keystore/share.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::isolated {

// The longest message: kMaxSignInput and what surrounds it.
inline constexpr std::size_t kMaxMessage = 96 * 1024;

// The descriptor on which the token host finds its control socket.
inline constexpr int kControlFd = 3;
// How many channels it takes at most: the kernel passes no more sockets with a message.
inline constexpr std::uint32_t kMostChannels = 253;
// Of the messages below. After an upgrade a running rootkeepd starts a host that is newer than itself.
inline constexpr std::uint32_t kWireVersion = 4;

// What the host opens; the first message on the control socket, with the channels' sockets beside it.
struct TokenSetup {
  std::string module_path;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string token_label;
  std::string token_serial;
  std::string pin_source;     // as pkcs11::PinSource::Parse takes it; the PIN itself never crosses
  std::string pin_directory;  // where refused PINs are recorded; empty: nowhere
  std::uint32_t max_sessions = 16;
  std::uint32_t max_waiting = 256;
  bool network = false;  // the module may talk to the network
  log::Level log_level = log::Level::kWarning;

  friend bool operator==(const TokenSetup&, const TokenSetup&) = default;
};

struct OpenCall {
  KeyUri uri;
};
struct CreateCall {
  KeySpec spec;
};
struct ListCall {};
struct ProbeCall {};
struct DeleteCall {
  KeyUri uri;
};
struct SignCall {
  std::uint32_t key = 0;  // as Opened says
  Share share;            // its flow is no name: FlowMark
  SignatureScheme scheme = SignatureScheme::kEcdsaSha256;
  Bytes input;
};

struct SpaceCall {};

struct DeleteRemainsCall {
  KeyRemains remains;
};

struct Request {
  std::uint32_t number = 0;  // the reply's too
  Deadline deadline;         // CLOCK_MONOTONIC is the machine's, so both sides mean the same moment
  std::variant<OpenCall, CreateCall, ListCall, ProbeCall, DeleteCall, SignCall, SpaceCall, DeleteRemainsCall> call;
};

// Stands for a caller in a SignCall: the same for the same one. The host has to serve callers in turn, and is not told
// who they are. Empty for the program's own work, as the flow is.
std::string FlowMark(std::string_view flow);

// The host has forgotten the number that a SignCall names.
inline constexpr std::string_view kReasonKeyNumber = "key_number";

struct Done {};
struct Opened {
  std::uint32_t key = 0;  // the host's number for it
  KeyInfo info;
};
// A key that was created, or one of a list; the list ends with Done.
struct Key {
  KeyInfo info;
};
struct Signed {
  Bytes signature;
  std::uint32_t concurrency = 1;       // Signer::Concurrency
  std::chrono::nanoseconds queued{0};  // SignTimes::queued
};

struct Space {
  std::optional<DeviceSpace> space;
};

using Reply = std::variant<Error, Done, Opened, Key, Signed, Space>;
struct NumberedReply {
  std::uint32_t number = 0;
  Reply reply = Done{};
};

Bytes Encode(const TokenSetup& setup);
Bytes Encode(const Request& request);
Bytes Encode(const NumberedReply& reply);

// INTERNAL for anything but one whole message. FAILED_PRECONDITION "host_version" for a setup of another version.
Result<TokenSetup> DecodeSetup(ByteView message);
Result<Request> DecodeRequest(ByteView message);
Result<NumberedReply> DecodeReply(ByteView message);

// Whether a reply is one that the call can have; every call can have an Error.
bool Answers(const Request& request, const Reply& reply);

}  // namespace rootkeep::isolated
