// The values of the key store's interface, in a message and out of it.
#pragma once

#include <chrono>

#include "keystore/isolated/wire/codec.h"
#include "keystore/key_info.h"
#include "keystore/key_spec.h"
#include "keystore/key_uri.h"

namespace rootkeep::isolated {

void Put(Writer& out, const Error& error);
void Put(Writer& out, const KeyUri& uri);
void Put(Writer& out, const KeySpec& spec);
void Put(Writer& out, const KeyInfo& info);

// What is kept at most of the time after which an error says to try again.
inline constexpr std::chrono::milliseconds kLongestRetry = std::chrono::minutes(1);

// Those for the reading side set the reader's failure when what stands there is no such value. Of an error's texts no
// more than 512 printable characters are kept, and its reason and native domain only if they are ours (reason_words.h).
Error GetError(Reader& in);
KeyUri GetUri(Reader& in);
KeySpec GetSpec(Reader& in);
// Nothing when the reader failed, or the public key is none.
std::optional<KeyInfo> GetInfo(Reader& in);

}  // namespace rootkeep::isolated
