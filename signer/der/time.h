// Times as certificates write them (RFC 5280 §4.1.2.5).
#pragma once

#include <optional>

#include "keystore/base/clock.h"
#include "signer/der/reader.h"
#include "signer/der/writer.h"

namespace rootkeep::der {

// Writes UTCTime for the years 1950 to 2049 and GeneralizedTime for 2050 to 2261, in whole seconds, rounded down.
// False, with nothing written, for any other year (WallTime ends in 2262).
[[nodiscard]] bool WriteTime(Writer& writer, WallTime time);

// Reads either in exactly those forms, and only in the one that RFC 5280 wants for its year.
std::optional<WallTime> ReadTime(const Element& element);

}  // namespace rootkeep::der
