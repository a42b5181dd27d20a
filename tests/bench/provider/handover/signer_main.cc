// A key of a token behind a socket, and nothing else: no permission, limit, queue, recovery or record. A thread and a
// session for each connection; a packet is signed as message.h says.
#include <sys/socket.h>
#include <sys/un.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "keystore/base/file.h"
#include "keystore/pkcs11/store.h"
#include "tests/bench/floor/raw_token.h"
#include "tests/bench/provider/handover/message.h"
#include "tests/bench/workload/program.h"

namespace rootkeep::bench {
namespace {

struct Options {
  std::string module;
  std::string configuration;
  std::string token;
  std::string pin_source;
  std::string key;
  std::string socket;
};

CK_MECHANISM_TYPE MechanismOf(std::uint8_t octet) {
  constexpr std::array<CK_MECHANISM_TYPE, 3> kMechanisms{CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_X_509};
  return kMechanisms.at(octet);
}

Result<Fd> Listen(const std::string& path) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (path.size() >= sizeof address.sun_path) return InvalidArgument("the socket's path is too long");
  std::ranges::copy(path, std::begin(address.sun_path));
  Fd listener(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!listener.valid()) return ErrnoError("socket", errno);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return ErrnoError("bind", errno);
  }
  if (listen(listener.get(), SOMAXCONN) != 0) return ErrnoError("listen", errno);
  return listener;
}

// Until the other end closes it.
Status Serve(const Fd& connection, RawSigner signer) {
  std::array<std::uint8_t, kMostBareOctets> packet{};
  Bytes signature;
  for (;;) {
    const ssize_t size = recv(connection.get(), packet.data(), packet.size(), 0);
    if (size <= 0) return Ok();
    const ByteView input = ByteView(packet).first(static_cast<std::size_t>(size)).subspan(1);
    RK_RETURN_IF_ERROR(signer.SignWith(MechanismOf(packet[0]), input, signature));
    if (send(connection.get(), signature.data(), signature.size(), MSG_NOSIGNAL) < 0) return Ok();
  }
}

Result<KeyInfo> FindKey(KeyStore& store, const std::string& label) {
  RK_TRY(const auto keys, store.List(After(std::chrono::seconds(10))));
  const auto found = std::ranges::find(keys, label, &KeyInfo::label);
  if (found == keys.end()) return NotFound("the token has no key " + label);
  return *found;
}

// Until it is killed, but for an error.
Result<std::string> Run(const Options& options) {
  RK_TRY(const auto module,
         pkcs11::Module::Load({.path = options.module, .environment = {{"SOFTHSM2_CONF", options.configuration}}}));
  RK_RETURN_IF_ERROR(module->Initialise(After(std::chrono::seconds(10))));
  RK_TRY(auto pin, pkcs11::PinSource::Parse(options.pin_source));
  RK_TRY(const auto store, pkcs11::OpenStore(module, {.label = options.token}, pin));
  RK_TRY(const KeyInfo key, FindKey(*store, options.key));
  RK_TRY(const auto logged_in, store->Open(key.uri, After(std::chrono::seconds(10))));
  RK_TRY(const auto use, module->Enter(After(std::chrono::seconds(10))));
  // Once: while another process initialises the module, SoftHSM may show this one no token.
  RK_TRY(const CK_SLOT_ID slot, FindToken(use.operator->(), options.token));
  RK_TRY(const Fd listener, Listen(options.socket));
  for (;;) {
    Fd connection(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid()) return ErrnoError("accept4", errno);
    RK_TRY(const RawSigner signer, RawSigner::Open(use.operator->(), slot, key));
    std::thread([connection = std::move(connection), signer] {
      const Status served = Serve(connection, signer);
      if (!served.ok()) std::fprintf(stderr, "%s\n", served.error().ToString().c_str());
    }).detach();
  }
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("signs with a SoftHSM key whatever it is sent, for measurements");
  app.add_option("--module", options.module)->required();
  app.add_option("--configuration", options.configuration, "of SoftHSM")->required();
  app.add_option("--token", options.token, "its label")->required();
  app.add_option("--pin-source", options.pin_source)->required();
  app.add_option("--key", options.key, "its label")->required();
  app.add_option("--socket", options.socket)->required();
  CLI11_PARSE(app, argc, argv);
  return Finish("rk_bench_bare_signer", Run(options));
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_bare_signer", [&] { return rootkeep::bench::Main(argc, argv); });
}
