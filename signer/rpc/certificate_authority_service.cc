#include "signer/rpc/certificate_authority_service.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "keystore/base/log.h"
#include "signer/authority/certificates.h"
#include "signer/bundle/jwt_key.h"
#include "signer/bundle/signing_authority.h"
#include "signer/rpc/api_messages.h"
#include "signer/rpc/newest_stream.h"

namespace rootkeep {
namespace {

// Calls asked for in advance on each queue.
constexpr int kWaiting = 4;
// A CA that lives shorter is replaced by the minute: right for a test, and a mistake almost everywhere else.
constexpr std::chrono::minutes kShort{10};

Result<BundlePtr> PresentBundle(const TrustBundles& bundles, const std::string& trust_domain) {
  if (BundlePtr bundle = bundles.Current(trust_domain)) return bundle;
  return Unavailable("no trust bundle is loaded").WithReason("no_bundle");
}

// The bundle may have changed since the authority was chosen.
Status CheckEnd(const Authority& authority, const TrustBundle& bundle, WallTime now) {
  const bool trusted = std::ranges::any_of(
      bundle.roots, [&](const BundleRoot& root) { return !root.tainted && ChainsTo(authority, root, now); });
  if (trusted) return Ok();
  return Unavailable("the roots changed meanwhile").WithReason("roots_changed").WithRetryAfter(std::chrono::seconds(1));
}

// What vouches for a key is for who has to do with its certificates.
Status MaySeeEvidence(const ApiCaller& caller) {
  if (caller.foreign_ca || caller.watch_bundle || !caller.roles.empty()) return Ok();
  return PermissionDenied("the caller may not see the evidence").WithReason("evidence");
}

}  // namespace

class CertificateAuthorityService::Sign final
    : public ApiCall<v1::SignCertificateRequest, v1::SignCertificateResponse> {
 public:
  Sign(CertificateAuthorityService& door, const CallQueue& queue)
      : ApiCall(queue, door.parts_.api, "SignCertificate"), door_(door) {}

 private:
  void Ask() override {
    door_.service_.RequestSignCertificate(&context(), &request(), &responder(), queue(), queue(), tag());
  }
  void Replace() override { Wait<Sign>(door_, calls()); }

  void Work(const Peer& peer) override {
    const auto trust_domain = TrustDomain(request().trust_domain());
    if (!trust_domain.ok()) return Refuse(trust_domain.error());
    if (request().profile().empty()) return Refuse(InvalidArgument("no profile is named").WithReason("profile"));
    if (request().csr().empty()) return Refuse(InvalidArgument("there is no request").WithReason("csr_parse"));
    const auto self = std::static_pointer_cast<Sign>(shared_from_this());
    Issuer::Ask ask{.caller = known().caller,
                    .request = {.csr_der = ToBytes(AsBytes(request().csr())),
                                .requested_ttl = request().ttl_seconds(),
                                .request_id = request_id(),
                                .profile = request().profile()},
                    .deadline = std::min(After(door_.parts_.max_duration), peer.deadline()),
                    .done = [self](Result<Issued> issued) { self->Issue(std::move(issued)); }};
    door_.parts_.issuer.Issue({&ask, 1});
  }

  // On whichever thread the issuer answers, which lets nothing be thrown.
  void Issue(Result<Issued> issued) {
    Guarded([&]() -> Status {
      if (!issued.ok()) return issued.error();
      RK_TRY(const BundlePtr bundle, PresentBundle(door_.parts_.bundles, known().entry.trust_domain));
      RK_RETURN_IF_ERROR(CheckEnd(*issued->authority, *bundle, door_.parts_.clock.Now()));
      RK_TRY(const auto chain, ChainOf(*issued));
      for (const Bytes& certificate : chain) response().add_chain(std::string(AsText(certificate)));
      *response().mutable_trust_bundle() = ToProto(*bundle);
      return Note(*issued, chain.front());
    });
  }

  // The record of certificates has it too; this line is what an operator looks for.
  Status Note(const Issued& issued, ByteView leaf) {
    RK_TRY(const ossl::Cert certificate, ParseCertificateDer(leaf));
    const auto left = issued.not_after - door_.parts_.clock.Now();
    log::Info("foreign_ca_issued", {{"request_id", request_id()},
                                    {"caller", known().entry.name},
                                    {"by", known().caller.credential_id},
                                    {"authority", issued.authority->name()},
                                    {"serial", issued.serial},
                                    {"subject_key_id", ToHex(SubjectKeyIdOf(certificate.get()))},
                                    {"not_after", ToRfc3339(issued.not_after)}});
    if (left < kShort) {
      log::Warning("foreign_ca_short",
                   {{"request_id", request_id()},
                    {"caller", known().entry.name},
                    {"not_after", ToRfc3339(issued.not_after)},
                    {"meaning", "this CA lives less than ten minutes: whoever keeps it replaces it all the time"}});
    }
    return Ok();
  }

  CertificateAuthorityService& door_;
};

// Ends when its caller, its time or the service does. Its watch goes before it does, and never on the thread that
// changes the bundle, which a watch waits for.
class CertificateAuthorityService::Watch final : public BundleStream,
                                                 public NewestStream<v1::WatchTrustBundleRequest, v1::TrustBundle> {
 public:
  Watch(CertificateAuthorityService& door, const CallQueue& queue) : NewestStream(queue), door_(door) {}

  [[nodiscard]] const KnownCaller& known() const override { return known_; }
  void Refuse(const Error& error) override {
    if (refused_.exchange(true)) return;
    End(RefuseApiCall(error, {"WatchTrustBundle", request_id_, known_.entry.name, peer_}, context(),
                      door_.parts_.api.metrics));
  }
  void Finish() override { End(grpc::Status::OK); }

 private:
  void Ask(void* tag) override {
    door_.service_.RequestWatchTrustBundle(&context(), &request(), &writer(), calls().queue, calls().queue, tag);
  }
  void Replace() override { Wait<Watch>(door_, calls()); }

  void OnCall() override {
    context().AddTrailingMetadata(kRequestIdHeader, request_id_);
    if (const Status begun = Begin(); !begun.ok()) Refuse(begun.error());
  }

  Status Begin() {
    const Peer peer(context());
    peer_ = peer.address();
    RK_TRY(known_, door_.parts_.api.callers.Recognise(peer));
    if (!known_.entry.watch_bundle) {
      return PermissionDenied("the caller may not watch the trust bundle").WithReason("watch");
    }
    if (!request().trust_domain().empty() && request().trust_domain() != known_.entry.trust_domain) {
      return PermissionDenied("another trust domain than the caller's").WithReason("trust_domain");
    }
    RK_RETURN_IF_ERROR(PresentBundle(door_.parts_.bundles, known_.entry.trust_domain));
    RK_RETURN_IF_ERROR(door_.streams_.Add(std::static_pointer_cast<Watch>(shared_from_this())));
    watch_ = door_.parts_.bundles.Watch(known_.entry.trust_domain, [this](const BundlePtr& bundle) {
      RunGuarded("rpc_exception", [&] { Offer(ToProto(*bundle)); });
    });
    return Ok();
  }

  void OnGone() override {
    watch_.reset();
    door_.streams_.Remove(std::static_pointer_cast<Watch>(shared_from_this()));
  }

  CertificateAuthorityService& door_;
  const std::string request_id_ = NewRequestId();
  std::string peer_;
  KnownCaller known_;
  std::atomic<bool> refused_ = false;
  std::unique_ptr<BundleWatch> watch_;
};

class CertificateAuthorityService::Publish final : public ApiCall<v1::PublishJwtKeyRequest, v1::PublishJwtKeyResponse> {
 public:
  Publish(CertificateAuthorityService& door, const CallQueue& queue)
      : ApiCall(queue, door.parts_.api, "PublishJwtKey"), door_(door) {}

 private:
  void Ask() override {
    door_.service_.RequestPublishJwtKey(&context(), &request(), &responder(), queue(), queue(), tag());
  }
  void Replace() override { Wait<Publish>(door_, calls()); }

  void Work(const Peer&) override {
    ByWorker([this]() -> Status {
      const Status published = PublishKey();
      if (!published.ok()) Record(published.error());
      return published;
    });
  }

  Status PublishKey() {
    RK_TRY(const std::string trust_domain, TrustDomain(request().trust_domain()));
    if (!known().entry.publish_jwt_keys) {
      return Error(Code::kUnimplemented, "the caller may not publish JWT keys").WithReason("publish");
    }
    RK_RETURN_IF_ERROR(door_.publications_.Take(known().entry.name, After(std::chrono::seconds(0))));
    RK_TRY(const BundlePtr bundle, door_.parts_.bundles.PublishJwtKey(trust_domain, FromProto(request().key()), by()));
    *response().mutable_trust_bundle() = ToProto(*bundle);
    return Ok();
  }

  // As far as it goes: the log has every refusal, and the database that all share only some of a caller's.
  void Record(const Error& error) {
    if (!door_.recorded_refusals_.Take(known().entry.name, After(std::chrono::seconds(0))).ok()) return;
    std::string id = request().key().key_id().substr(0, kMaxKeyIdSize);
    (void)door_.parts_.bundles.Record({.at = ToUnixSeconds(door_.parts_.clock.Now()),
                                       .trust_domain = known().entry.trust_domain,
                                       .act = "jwt key published",
                                       .subject = std::move(id),
                                       .refusal = std::string(error.reason()),
                                       .detail = error.message(),
                                       .by = by()});
  }

  CertificateAuthorityService& door_;
};

class CertificateAuthorityService::Evidence final : public ApiCall<v1::GetCaEvidenceRequest, v1::CaEvidence> {
 public:
  Evidence(CertificateAuthorityService& door, const CallQueue& queue)
      : ApiCall(queue, door.parts_.api, "GetCaEvidence"), door_(door) {}

 private:
  void Ask() override {
    door_.service_.RequestGetCaEvidence(&context(), &request(), &responder(), queue(), queue(), tag());
  }
  void Replace() override { Wait<Evidence>(door_, calls()); }

  void Work(const Peer& peer) override {
    const Deadline deadline = std::min(After(door_.parts_.max_duration), peer.deadline());
    ByWorker([this, deadline]() -> Status {
      RK_RETURN_IF_ERROR(MaySeeEvidence(known().entry));
      RK_TRY(const std::string trust_domain, TrustDomain(request().trust_domain()));
      const auto authority = door_.parts_.authorities.FindByTrustDomain(trust_domain);
      if (authority == nullptr) return Unavailable("no authority is loaded").WithReason("no_authority");
      RK_TRY(const auto evidence, door_.evidence_.Get(*authority, deadline));
      response().set_certificate(std::string(AsText(evidence->certificate)));
      response().set_voucher(evidence->voucher);
      response().set_statement(evidence->statement);
      return Ok();
    });
  }

  CertificateAuthorityService& door_;
};

void CertificateAuthorityService::Await(const CallQueue& queue) {
  for (int i = 0; i < kWaiting; ++i) {
    Sign::Wait<Sign>(*this, queue.ForService());
    Watch::Wait<Watch>(*this, queue.ForService());
    Publish::Wait<Publish>(*this, queue.ForService());
    Evidence::Wait<Evidence>(*this, queue.ForService());
  }
}

}  // namespace rootkeep
