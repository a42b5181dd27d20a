// The values of the key store's interface, as the wire has them and back. What comes from the wire is taken for
// hostile.
#pragma once

#include <string>

#include "keystore/base/result.h"
#include "keystore/key_info.h"
#include "keystore/keysocket/wire/messages.h"
#include "keystore/share.h"
#include "keystore/signature_scheme.h"

namespace rootkeep::keysocket {

// The enumerators stand in the same order on either side.
WireType ToWire(KeyType type);
WireUse ToWire(KeyUse use);
WireCustody ToWire(CustodyLevel level);
WireScheme ToWire(SignatureScheme scheme);
WireUrgency ToWire(Priority priority);
KeyType FromWire(WireType type);
KeyUse FromWire(WireUse use);
CustodyLevel FromWire(WireCustody level);
SignatureScheme FromWire(WireScheme scheme);
Priority FromWire(WireUrgency urgency);

Failure ToWire(const Error& error);
// Its reason and native domain only if they are ours; it sends nobody away for longer than a minute.
Error FromWire(const Failure& failure);

Fingerprint FingerprintOf(const PublicKey& key);

// `use` is the one in the key's label, where that is one of ours. `info` and `uri` are viewed. Nothing when a field is
// longer than the wire takes.
std::optional<KeyDescription> Describe(const KeyInfo& info, KeyUse use, const std::string& uri, unsigned concurrency);
std::optional<KeyDescription> Describe(const KeyInfo& info, KeyUse use, std::string&& uri,
                                       unsigned concurrency) = delete;

// INTERNAL "agent_broken" when the parts do not fit each other: type or fingerprint and public key, use and label, or a
// URI that is none.
Result<KeyInfo> ReadDescription(const KeyDescription& key);

// Stands for a caller in a request to sign: the same for the same one. All zero for the program's own work.
std::array<std::uint8_t, kFlowMark> FlowMark(std::string_view flow);

}  // namespace rootkeep::keysocket
