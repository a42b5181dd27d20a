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

// Whether a process has a connection now, to whichever socket, on which it may use that key. Thread-safe.
using IsConnected = std::function<bool(pid_t process, const std::string& token, const LabelParts& key)>;

// How long a request may take, and how long it has waited for a thread.
struct Turn {
  Deadline deadline;
  std::chrono::nanoseconds waited{0};
};

// Thread-safe. Every question whether something may be done is asked here.
class Handler {
 public:
  // `observer` outlives this; null: nobody.
  explicit Handler(std::vector<ServedToken> tokens, KeyPermit permit = nullptr, Observer* observer = nullptr,
                   IsConnected connected = nullptr)
      : keys_(std::move(tokens)),
        token_names_(NamesOf(keys_.tokens())),
        permit_(std::move(permit)),
        connected_(std::move(connected)),
        observer_(observer),
        audit_(observer) {}

  // The reply to everything but a hello, as octets in `out`, which holds kMaxReply. Blocks for as long as the tokens
  // need. Nothing is thrown.
  std::size_t Answer(const Visitor& visitor, const Request& request, const Turn& turn,
                     std::span<std::uint8_t> out) noexcept;
  // The reply to a request that nobody can see to now.
  std::size_t Refuse(const Request& request, const Error& error, std::span<std::uint8_t> out);

  // The only token that the request can have to do with; nothing: there are several, or none.
  [[nodiscard]] std::optional<std::size_t> OnlyToken(const Visitor& visitor, const Request& request) const;

  // The key that a request to sign is for, when it is known and the visitor may use it: nobody has to be asked first.
  ServedKeyPtr Ready(const Visitor& visitor, const SignCall& call) const;

  [[nodiscard]] const std::vector<ServedToken>& tokens() const { return keys_.tokens(); }
  [[nodiscard]] Audit& audit() { return audit_; }

 private:
  static std::vector<std::string> NamesOf(const std::vector<ServedToken>& tokens);
  // Of what is asked for; of the next of a name without one.
  static KeySpec SpecOf(const CreateCall& call);
  // The reply to a call that was successful.
  Result<std::size_t> Do(const Visitor& visitor, const Request& request, const Turn& turn, std::span<std::uint8_t> out);
  Result<std::size_t> Sign(const Visitor& visitor, const SignCall& call, std::uint32_t number, const Turn& turn,
                           std::span<std::uint8_t> out);
  Result<std::size_t> List(const Visitor& visitor, const ListCall& call, std::uint32_t number, Deadline deadline,
                           std::span<std::uint8_t> out);
  // The key to sign with.
  Result<ServedKeyPtr> Find(const Visitor& visitor, const SignCall& call, Deadline deadline);
  Result<ServedKeyPtr> Describe(const Visitor& visitor, const DescribeCall& call, Deadline deadline);
  Result<ServedKeyPtr> Create(const Visitor& visitor, const CreateCall& call, Deadline deadline);

  // FAILED_PRECONDITION "key_in_use" when another process that is there now signs with a key of that name, of a foreign
  // CA: it would be left without it.
  [[nodiscard]] Status CheckNotInUse(const Visitor& visitor, const std::string& token, const KeySpec& spec) const;
  [[nodiscard]] Status Permit(const Visitor& visitor, const ServedKey& key) const;
  // A refusal is written down.
  Status PermitOrDeny(const Visitor& visitor, const ServedKey& key, std::string_view what);
  void Tell(const Request& request, std::string_view outcome) const noexcept;

  ServedKeys keys_;
  const std::vector<std::string> token_names_;
  const KeyPermit permit_;
  const IsConnected connected_;
  Observer* const observer_;
  Audit audit_;
};

}  // namespace rootkeep::keysocket
