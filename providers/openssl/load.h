// From the name of a key to the key.
#pragma once

#include "providers/openssl/key.h"
#include "providers/openssl/reference.h"

namespace rootkeep::provider {

// Asks the agent, once. False with the reason raised. The texts are in `memory`.
[[nodiscard]] bool DescribeKey(Context& context, keysocket::Client& client, const KeyReference& reference,
                               keysocket::ReplyMemory& memory, keysocket::KeyDescription& out) noexcept;

// What the agent said, checked and made a key; null with the reason raised.
KeyHolder MakeKey(Context& context, keysocket::Client& client, const keysocket::KeyDescription& said) noexcept;

// What the agent said, as BER that this load of the provider reads back: what its first decoder tells its second, so
// that the agent is asked once and nobody else's input is taken for its answer.
inline constexpr std::size_t kMaxHandover = 4096;
std::size_t WriteHandover(const Context& context, const keysocket::Client& client,
                          const keysocket::KeyDescription& said, std::span<std::uint8_t> out) noexcept;
// Null when it is none of this load's, and when a reason was raised.
KeyHolder ReadHandover(Context& context, keysocket::Octets der) noexcept;

}  // namespace rootkeep::provider
