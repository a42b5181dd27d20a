// Any message of a token host, or to one: what is understood means the same when it is written again.
#include <algorithm>
#include <cstdlib>

#include "keystore/isolated/wire/messages.h"

namespace {

using namespace rootkeep;
using namespace rootkeep::isolated;

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename T>
void Understood(const Result<T>& value, Result<T> (*decode)(ByteView), ByteView message, bool one_spelling) {
  if (!value.ok()) {
    Require(value.error().code() == Code::kInternal || value.error().code() == Code::kFailedPrecondition);
    return;
  }
  const Bytes again = Encode(*value);
  if (one_spelling) Require(std::ranges::equal(again, message));
  // Of an error's texts a part may be lost, once.
  const auto twice = decode(again);
  Require(twice.ok() && Encode(*twice) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView message(data + 1, size - 1);
  switch (data[0] % 3) {
    case 0: Understood(DecodeReply(message), &DecodeReply, message, false); break;
    case 1: Understood(DecodeRequest(message), &DecodeRequest, message, true); break;
    default: Understood(DecodeSetup(message), &DecodeSetup, message, true); break;
  }
  return 0;
}
