// Names of keys behind a key socket, as text.
#pragma once

#include <string>
#include <string_view>

#include "keystore/base/result.h"
#include "keystore/key_uri.h"

namespace rootkeep::keysocket {

// keysocket: followed by what may stand in the path of a pkcs11: URI (RFC 7512 §2.3): token, serial, manufacturer,
// model, object, id and type=private, each once and not empty, at most 4096 octets in all. pkcs11: and tpm2: are read
// too, so that a name from elsewhere needs no change; the scheme says which it was. A query is refused: the PIN is the
// agent's own. INVALID_ARGUMENT for anything else. The text is not quoted in errors, because it may hold a PIN by
// mistake.
Result<KeyUri> ParseUri(std::string_view text);

// The same key's name on the token, whose URIs have `scheme`, and behind the socket.
KeyUri OnToken(KeyUri uri, UriScheme scheme);
KeyUri BehindSocket(KeyUri uri);

}  // namespace rootkeep::keysocket
