// SPIRE's two KeyManager services: one for its server and one for its agent, alike but for the package.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "keystore/base/bytes.h"
#include "keystore/base/pause.h"
#include "proto/spire/agent_keymanager.grpc.pb.h"
#include "proto/spire/server_keymanager.grpc.pb.h"
#include "providers/spire/keymanager/key_manager.h"
#include "providers/spire/keymanager/signing_threads.h"
#include "providers/spire/plugin/answer.h"
#include "providers/spire/plugin/named_service.h"
#include "providers/spire/plugin/unary_method.h"

namespace rootkeep::spire {

#define RK_KEY_MANAGER_CONTRACT(side)                                                         \
  using Service = ::spire::plugin::side::keymanager::v1::KeyManager;                          \
  using PublicKey = ::spire::plugin::side::keymanager::v1::PublicKey;                         \
  using KeyType = ::spire::plugin::side::keymanager::v1::KeyType;                             \
  using GenerateKeyRequest = ::spire::plugin::side::keymanager::v1::GenerateKeyRequest;       \
  using GenerateKeyResponse = ::spire::plugin::side::keymanager::v1::GenerateKeyResponse;     \
  using GetPublicKeyRequest = ::spire::plugin::side::keymanager::v1::GetPublicKeyRequest;     \
  using GetPublicKeyResponse = ::spire::plugin::side::keymanager::v1::GetPublicKeyResponse;   \
  using GetPublicKeysRequest = ::spire::plugin::side::keymanager::v1::GetPublicKeysRequest;   \
  using GetPublicKeysResponse = ::spire::plugin::side::keymanager::v1::GetPublicKeysResponse; \
  using SignDataRequest = ::spire::plugin::side::keymanager::v1::SignDataRequest;             \
  using SignDataResponse = ::spire::plugin::side::keymanager::v1::SignDataResponse

struct ServerContract {
  RK_KEY_MANAGER_CONTRACT(server);
};
struct AgentContract {
  RK_KEY_MANAGER_CONTRACT(agent);
};
#undef RK_KEY_MANAGER_CONTRACT

// An adapter of KeyManager. Both outlive it.
template <typename Contract>
class KeyManagerService {
 public:
  KeyManagerService(KeyManager& manager, SigningThreads& threads) : manager_(manager), threads_(threads) {}

  // This object outlives them. What waits in the threads for signatures needs it no more.
  unary::Methods Methods(Threads& blocking) {
    return {
        {Path("GenerateKey"), Blocks(blocking, &KeyManagerService::GenerateKey)},
        {Path("GetPublicKey"), Blocks(blocking, &KeyManagerService::GetPublicKey)},
        {Path("GetPublicKeys"), Blocks(blocking, &KeyManagerService::GetPublicKeys)},
        {Path("SignData"),
         {.max_message = kMaxSignRequest,
          .ask = [this](const std::shared_ptr<unary::Call>& call, unary::Waits& waits) { SignData(call, waits); }}}};
  }

 private:
  // A digest and a key's name, with room to spare: very many may wait for a slow token.
  static constexpr std::size_t kMaxSignRequest = std::size_t{64} << 10;

  using GenerateKeyRequest = typename Contract::GenerateKeyRequest;
  using GenerateKeyResponse = typename Contract::GenerateKeyResponse;
  using GetPublicKeyRequest = typename Contract::GetPublicKeyRequest;
  using GetPublicKeyResponse = typename Contract::GetPublicKeyResponse;
  using GetPublicKeysRequest = typename Contract::GetPublicKeysRequest;
  using GetPublicKeysResponse = typename Contract::GetPublicKeysResponse;
  using SignDataRequest = typename Contract::SignDataRequest;
  using SignDataResponse = typename Contract::SignDataResponse;
  using RequestPtr = std::shared_ptr<const SignDataRequest>;

  static std::string Path(std::string_view method) {
    return fmt::format("/{}/{}", Contract::Service::service_full_name(), method);
  }

  template <typename Request, typename Response>
  unary::Method Blocks(Threads& threads,
                       grpc::Status (KeyManagerService::*work)(const Request&, Response&, const unary::Interest&)) {
    return Blocking<Request, Response>(
        threads, [this, work](const Request& request, Response& response, const unary::Interest& interest) {
          return (this->*work)(request, response, interest);
        });
  }

  grpc::Status GenerateKey(const GenerateKeyRequest& request, GenerateKeyResponse& response,
                           const unary::Interest& interest) {
    return Answer([&]() -> Status {
      RK_TRY(const ManagedKey key, manager_.GenerateKey(request.key_id(), static_cast<int>(request.key_type()),
                                                        Within(KeyManager::kGenerateDeadline, interest)));
      Show(key, *response.mutable_public_key());
      return Ok();
    });
  }

  grpc::Status GetPublicKey(const GetPublicKeyRequest& request, GetPublicKeyResponse& response,
                            const unary::Interest& interest) {
    return Answer([&]() -> Status {
      RK_TRY(const auto key,
             manager_.GetPublicKey(request.key_id(), Within(KeyManager::kCallDeadline, interest).deadline));
      if (key) Show(*key, *response.mutable_public_key());
      return Ok();
    });
  }

  grpc::Status GetPublicKeys(const GetPublicKeysRequest& /*request*/, GetPublicKeysResponse& response,
                             const unary::Interest& interest) {
    return Answer([&]() -> Status {
      RK_TRY(const ManagedKeys keys, manager_.GetPublicKeys(Within(KeyManager::kCallDeadline, interest).deadline));
      for (const auto& [id, key] : keys) Show(key, *response.add_public_keys());
      return Ok();
    });
  }

  void SignData(const std::shared_ptr<unary::Call>& call, unary::Waits& waits) {
    const Deadline deadline = Within(KeyManager::kCallDeadline, call->interest()).deadline;
    auto request = std::make_shared<SignDataRequest>();
    if (!Parse(*call, *request)) return;
    if (!threads_.quick() || !Ask(call, request, deadline, waits)) SignElsewhere(call, request, deadline);
  }

  // Asks for the signature, and sees to it that the call is answered when it is there. False when it is not asked for.
  bool Ask(const std::shared_ptr<unary::Call>& call, const RequestPtr& request, Deadline deadline,
           unary::Waits& waits) {
    const auto began = std::chrono::steady_clock::now();
    const Deadline soon = began + SigningThreads::kSoon;
    const Deadline until = std::min(deadline, soon);
    auto asked = manager_.SignDataBegin(request->key_id(), OptionsOf(*request), request->data(), until);
    if (!asked) return false;
    const int fd = asked->pending.fd();
    const auto shared = std::make_shared<KeyManager::Asked>(*std::move(asked));  // Waits copies what it is given
    waits.Add(fd, until, [this, call, request, deadline, began, soon, shared](bool readable) {
      const auto now = std::chrono::steady_clock::now();
      if (!readable) {
        if (now >= soon) threads_.GaveUp();
        return SignElsewhere(call, request, deadline);
      }
      auto made = KeyManager::SignDataEnd(std::move(*shared));
      if (made.ok()) {
        threads_.Learn(now - began - made->queued);
        return Finish(*call, grpc::Status::OK, Show(*std::move(made)));
      }
      const Error& error = made.error();
      if (!KeyManager::MayGoBetter(error)) return Finish(*call, ToGrpc(error), SignDataResponse());
      SignElsewhere(call, request, deadline, now + error.retry_after().value_or(std::chrono::milliseconds(0)));
    });
    return true;
  }

  // Not before `from`.
  void SignElsewhere(const std::shared_ptr<unary::Call>& call, const RequestPtr& request, Deadline deadline,
                     Deadline from = {}) {
    using Took = std::optional<SigningThreads::Duration>;
    const bool taken = threads_.Post([&manager = manager_, call, request, deadline, from]() -> Took {
      const Patience patience{.deadline = deadline, .gone = call->interest().gone};
      PauseUntil(std::min(from, deadline), patience.gone);
      if (EndIfOver(*call)) return std::nullopt;
      Took took;
      SignDataResponse response;
      const grpc::Status status = Answer([&]() -> Status {
        const auto began = std::chrono::steady_clock::now();
        RK_TRY(auto made, manager.SignData(request->key_id(), OptionsOf(*request), request->data(), patience));
        took = std::chrono::steady_clock::now() - began - made.queued;
        response = Show(std::move(made));
        return Ok();
      });
      Finish(*call, status, response);
      return took;
    });
    if (taken) return;
    call->Finish({.code = grpc::StatusCode::RESOURCE_EXHAUSTED, .text = "too many signatures wait for the token"});
  }

  // Of a call that is given so long at most, what it waited to be begun included.
  static Patience Within(std::chrono::seconds most, const unary::Interest& interest) {
    return {.deadline = std::min(interest.until, interest.came + most), .gone = interest.gone};
  }

  static SignDataResponse Show(KeyManager::Signed made) {
    SignDataResponse response;
    response.set_signature(std::move(made.signature));
    response.set_key_fingerprint(ToHex(made.fingerprint));
    return response;
  }

  static std::optional<SignerOptions> OptionsOf(const SignDataRequest& request) {
    if (request.has_pss_options()) {
      const auto& pss = request.pss_options();
      return SignerOptions{.hash = static_cast<int>(pss.hash_algorithm()), .pss_salt_length = pss.salt_length()};
    }
    if (request.signer_opts_case() == SignDataRequest::SIGNER_OPTS_NOT_SET) return std::nullopt;
    return SignerOptions{.hash = static_cast<int>(request.hash_algorithm()), .pss_salt_length = std::nullopt};
  }

  static void Show(const ManagedKey& key, typename Contract::PublicKey& out) {
    out.set_id(key.id);
    out.set_type(static_cast<typename Contract::KeyType>(SpireTypeOf(key.type)));
    out.set_pkix_data(key.spki);
    out.set_fingerprint(ToHex(key.fingerprint));
  }

  KeyManager& manager_;
  SigningThreads& threads_;
};

}  // namespace rootkeep::spire
