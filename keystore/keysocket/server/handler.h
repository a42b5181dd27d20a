// One request, answered.
#pragma once

#include <functional>
#include <span>

#include "keystore/keysocket/server/audit.h"
#include "keystore/keysocket/server/served_keys.h"
#include "keystore/keysocket/wire/messages.h"

namespace rootkeep::keysocket {

// From whom a request came, and by which door.
struct Visitor {
  const SocketOptions* socket = nullptr;
  Caller caller;
  std::string flow;  // socket and user: who is served in turn with others
};

// What else decides about a key that a grant allows, above all its state. Thread-safe, fast, asked for each signature.
// Its error is told to the caller.
using KeyPermit = std::function<Status(const SocketOptions& socket, const KeyInfo& key)>;

// Thread-safe. Every question whether something may be done is asked here.
class Handler {
 public:
  explicit Handler(std::vector<ServedToken> tokens, KeyPermit permit = nullptr)
      : keys_(std::move(tokens)), permit_(std::move(permit)) {}

  // The reply to everything but a hello, as octets in `out`, which holds kMaxReply. Blocks for as long as the tokens
  // need. Nothing is thrown.
  std::size_t Answer(const Visitor& visitor, const Request& request, Deadline deadline,
                     std::span<std::uint8_t> out) noexcept;

  // The key that a request to sign is for, when it is known and the visitor may use it: nobody has to be asked first.
  ServedKeyPtr Ready(const Visitor& visitor, const SignCall& call) const;

  [[nodiscard]] const std::vector<ServedToken>& tokens() const { return keys_.tokens(); }
  [[nodiscard]] Audit& audit() { return audit_; }

 private:
  std::size_t Sign(const Visitor& visitor, const SignCall& call, std::uint32_t number, Deadline deadline,
                   std::span<std::uint8_t> out);
  std::size_t List(const Visitor& visitor, const ListCall& call, std::uint32_t number, Deadline deadline,
                   std::span<std::uint8_t> out);
  Result<ServedKeyPtr> Describe(const Visitor& visitor, const DescribeCall& call, Deadline deadline);
  Result<ServedKeyPtr> Create(const Visitor& visitor, const CreateCall& call, Deadline deadline);

  [[nodiscard]] Status Permit(const Visitor& visitor, const ServedKey& key) const;
  // A refusal is written down.
  Status PermitOrDeny(const Visitor& visitor, const ServedKey& key, std::string_view what);

  ServedKeys keys_;
  const KeyPermit permit_;
  Audit audit_;
};

// What is answered when there is no Handler to do it.
std::size_t EncodeFailure(std::uint32_t number, const Error& error, std::span<std::uint8_t> out);

}  // namespace rootkeep::keysocket
