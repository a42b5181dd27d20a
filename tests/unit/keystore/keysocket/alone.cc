// Stands for a provider: all of the client, and nothing else of ours.
#include "keystore/keysocket/wire/client.h"

extern "C" bool RootkeepProbe(const char* path) {
  rootkeep::keysocket::Client client(path);
  rootkeep::keysocket::Failure why;
  rootkeep::keysocket::ReplyMemory memory;
  rootkeep::keysocket::KeyDescription key;
  rootkeep::keysocket::ListReply list;
  rootkeep::keysocket::Signature signature;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  return client.Probe(deadline, why) && client.List({}, deadline, memory, list, why) &&
         client.Describe("keysocket:object=x", deadline, memory, key, why) &&
         client.Create({}, deadline, memory, key, why) && client.Sign({}, deadline, signature, why);
}
