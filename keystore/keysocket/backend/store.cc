#include "keystore/keysocket/backend/store.h"

#include "keystore/keysocket/backend/socket_signer.h"

namespace rootkeep::keysocket {
namespace {

class SocketStore final : public KeyStore, private HealthProbe {
 public:
  explicit SocketStore(const std::string& path) : client_(std::make_shared<Client>(path)) {}

  Result<std::shared_ptr<const Signer>> Open(const KeyUri& uri, Deadline deadline) override {
    if (uri.scheme != UriScheme::kKeySocket) return InvalidArgument(uri.Redacted() + " is not a keysocket: URI");
    ReplyMemory memory;
    KeyDescription key;
    Failure why;
    if (!client_->Describe(uri.Redacted(), deadline, memory, key, why)) return FromWire(why);
    RK_TRY(KeyInfo info, ReadDescription(key));
    return std::make_shared<SocketSigner>(client_, std::move(info), key.concurrency);
  }

  Result<KeyInfo> Create(const KeySpec& spec, Deadline deadline) override {
    RK_TRY(const std::string label, KeyLabel(spec));
    ReplyMemory memory;
    KeyDescription key;
    Failure why;
    const CreateCall call{.type = ToWire(spec.type),
                          .use = ToWire(spec.use),
                          .custody = ToWire(spec.custody),
                          .generation = spec.generation,
                          .name = spec.name};
    if (!client_->Create(call, deadline, memory, key, why)) return FromWire(why);
    RK_TRY(KeyInfo info, ReadDescription(key));
    if (info.label == label) return info;
    return Internal("the agent made another key than it was asked for").WithReason(kReasonAgentBroken);
  }

  Result<std::vector<KeyInfo>> List(Deadline deadline) override {
    std::vector<KeyInfo> keys;
    ReplyMemory memory;
    ListReply page{.more = true};
    Fingerprint after{};
    while (page.more) {
      Failure why;
      if (!client_->List(after, deadline, memory, page, why)) return FromWire(why);
      for (std::size_t i = 0; i < page.count; ++i) {
        // An agent that goes round in circles would never come to an end.
        if (page.keys[i].fingerprint <= after) return OutOfOrder();
        after = page.keys[i].fingerprint;
        RK_TRY(KeyInfo info, ReadDescription(page.keys[i]));
        keys.push_back(std::move(info));
      }
      if (page.more && (page.count == 0 || keys.size() > kMostKeys)) return OutOfOrder();
    }
    return keys;
  }

  HealthProbe* health() override { return this; }

 private:
  static constexpr std::size_t kMostKeys = 65536;

  static Error OutOfOrder() {
    return Internal("the agent's list of keys has no order, or no end").WithReason(kReasonAgentBroken);
  }

  Status Probe(Deadline deadline) override {
    Failure why;
    return client_->Probe(deadline, why) ? Ok() : Status(FromWire(why));
  }

  const std::shared_ptr<Client> client_;
};

}  // namespace

std::shared_ptr<KeyStore> OpenStore(const std::string& path) { return std::make_shared<SocketStore>(path); }

}  // namespace rootkeep::keysocket
