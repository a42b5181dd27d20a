// Stands in for rootkeep-token-host and misbehaves as the setup's module path says.
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "keystore/isolated/wire/channel.h"
#include "keystore/isolated/wire/messages.h"

using namespace rootkeep;
using namespace rootkeep::isolated;

namespace {

Deadline Soon() { return After(std::chrono::seconds(30)); }

KeyInfo AnyKey() {
  const Bytes spki = *FromHex(
      "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
      "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
      "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5");
  return {.label = std::string(4000, 'x'), .id = {1}, .public_key = *PublicKey::FromSpki(spki)};
}

void Answer(Channel channel, const std::string& what) {
  for (;;) {
    const auto message = channel.Receive(std::nullopt);
    if (!message.ok()) return;
    const std::uint32_t number = DecodeRequest(*message)->number;
    if (what == "exit") _exit(3);
    if (what == "garbage") (void)channel.Send(AsBytes("no message"), Soon());
    if (what == "too-long" && write(channel.fd(), Bytes(kMaxMessage + 1).data(), kMaxMessage + 1) < 0) return;
    if (what == "signature") (void)channel.Send(Encode({number, Signed{{1, 2, 3}, 1}}), Soon());
    if (what == "retry") {
      Bytes error = Encode({number, Unavailable("come back in 49 days")});
      std::fill(error.end() - 4, error.end(), std::uint8_t{0xff});
      (void)channel.Send(error, Soon());
    }
    if (what == "queued") {
      const bool open = std::holds_alternative<OpenCall>(DecodeRequest(*message)->call);
      Reply reply = Signed{{1, 2, 3}, 1, std::chrono::hours(1)};
      if (open) reply = Opened{1, AnyKey()};
      (void)channel.Send(Encode({number, std::move(reply)}), Soon());
    }
    if (what == "twice") {
      for (int i = 0; i < 2; ++i) (void)channel.Send(Encode({number, Done{}}), Soon());
    }
    if (what == "list") {
      // Without end, until the other side has had enough.
      while (channel.Send(Encode({number, Key{AnyKey()}}), Soon()).ok()) {
      }
    }
  }
}

}  // namespace

int main() {
  Channel control{Fd(kControlFd)};
  auto received = control.ReceiveWithSockets(kMostChannels);
  if (!received.ok()) return 1;
  const std::string what = DecodeSetup(received->message)->module_path;
  if (what != "silent-setup") (void)control.Send(Encode({0, Done{}}), Soon());
  for (Fd& socket : received->sockets) std::thread(Answer, Channel(std::move(socket)), what).detach();
  while (control.Receive(std::nullopt).ok()) {
  }
  _exit(0);
}
