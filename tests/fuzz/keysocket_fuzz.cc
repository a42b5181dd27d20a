// Any message to or from an agent: what is understood means the same when it is written again.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "keystore/keysocket/wire/messages.h"

namespace {

using namespace rootkeep::keysocket;

void Require(bool condition) {
  if (!condition) std::abort();
}

template <typename Message>
std::vector<std::uint8_t> Encoded(const Message& message) {
  std::vector<std::uint8_t> memory(kMaxRequest);
  memory.resize(Encode(message, memory));
  return memory;
}

template <typename Message>
void Understood(Octets octets, bool one_spelling) {
  Message message;
  if (!Decode(octets, message)) return;
  const auto again = Encoded(message);
  if (one_spelling) Require(std::ranges::equal(again, octets));
  // Of a failure's texts some characters may change, once.
  Message twice;
  Require(Decode(again, twice) && Encoded(twice) == again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const Octets octets(data + 1, size - 1);
  if (data[0] % 2 == 0) {
    Understood<Request>(octets, true);
  } else {
    Understood<Reply>(octets, octets[0] != 0xff);
  }
  return 0;
}
