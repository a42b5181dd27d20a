// A key of a token behind a socket, and nothing else: no permission, limit, queue, recovery or record, and no check of
// what the token made. A thread and a session for each connection; packets are as message.h says.
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <thread>

#include "keystore/pkcs11/store.h"
#include "tests/bench/floor/raw_token.h"
#include "tests/bench/provider/handover/message.h"
#include "tests/bench/provider/handover/socket.h"
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

Deadline Soon() { return After(std::chrono::seconds(10)); }

Result<CK_MECHANISM_TYPE> MechanismOf(std::uint8_t octet) {
  constexpr std::array<CK_MECHANISM_TYPE, 3> kMechanisms{CKM_ECDSA, CKM_RSA_PKCS, CKM_RSA_X_509};
  if (octet < kMechanisms.size()) return kMechanisms.at(octet);
  return InvalidArgument("there is no mechanism of that number");
}

// Until the other end closes it.
Status Serve(const Fd& connection, RawSigner& signer) {
  std::array<std::uint8_t, kMostHandoverOctets> packet{};
  Bytes signature;
  for (;;) {
    const ssize_t size = recv(connection.get(), packet.data(), packet.size(), 0);
    if (size <= 0) return Ok();
    RK_TRY(const CK_MECHANISM_TYPE mechanism, MechanismOf(packet[0]));
    RK_RETURN_IF_ERROR(
        signer.SignWith(mechanism, ByteView(packet).first(static_cast<std::size_t>(size)).subspan(1), signature));
    if (send(connection.get(), signature.data(), signature.size(), MSG_NOSIGNAL) < 0) return Ok();
  }
}

void ServeOnAThread(Fd connection, const RawSigner& signer) {
  std::thread([connection = std::move(connection), own = signer]() mutable {
    const Status served = Serve(connection, own);
    own.Close();
    if (!served.ok()) std::fprintf(stderr, "%s\n", served.error().ToString().c_str());
  }).detach();
}

Result<KeyInfo> FindKey(KeyStore& store, const std::string& label) {
  RK_TRY(const auto keys, store.List(Soon()));
  const auto found = std::ranges::find(keys, label, &KeyInfo::label);
  if (found == keys.end()) return NotFound("the token has no key " + label);
  return *found;
}

// Serves until it is killed; returns only with an error.
Result<std::string> Run(const Options& options) {
  RK_TRY(const auto module,
         pkcs11::Module::Load({.path = options.module, .environment = {{"SOFTHSM2_CONF", options.configuration}}}));
  RK_RETURN_IF_ERROR(module->Initialise(Soon()));
  RK_TRY(auto pin, pkcs11::PinSource::Parse(options.pin_source));
  RK_TRY(const auto store, pkcs11::OpenStore(module, {.label = options.token}, pin));
  RK_TRY(const KeyInfo key, FindKey(*store, options.key));
  RK_TRY(const auto logged_in, store->Open(key.uri, Soon()));
  RK_TRY(const auto use, module->Enter(Soon()));
  const CK_FUNCTION_LIST* const api = use.operator->();
  // Once: while another process initialises the module, SoftHSM may show this one no token.
  RK_TRY(const CK_SLOT_ID slot, FindToken(api, options.token));
  RK_TRY(const HandoverSocket socket, HandoverSocket::Make(options.socket));
  if (bind(socket.fd.get(), reinterpret_cast<const sockaddr*>(&socket.address), sizeof socket.address) != 0 ||
      listen(socket.fd.get(), SOMAXCONN) != 0) {
    return ErrnoError("bind or listen", errno);
  }
  for (;;) {
    Fd connection(accept4(socket.fd.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!connection.valid() && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (!connection.valid()) return ErrnoError("accept4", errno);
    RK_TRY(const RawSigner signer, RawSigner::Open(api, slot, key));
    ServeOnAThread(std::move(connection), signer);
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
  auto failed = Run(options);
  (void)Finish("rk_bench_handover_signer", failed);
  _exit(1);  // its threads may be in the module, which nothing of ours is to end under them
}

}  // namespace
}  // namespace rootkeep::bench

int main(int argc, char** argv) {
  return rootkeep::bench::Guarded("rk_bench_handover_signer", [&] { return rootkeep::bench::Main(argc, argv); });
}
