#include "signer/rpc/trust_bundle_administration_service.h"

#include <string>
#include <utility>

namespace rootkeep {
namespace {

using AsyncService = v1::TrustBundleAdministration::AsyncService;
using Act = AdministrativeAct;
using Parts = TrustBundleAdministrationService::Parts;

constexpr int kWaiting = 1;  // calls of each method asked for in advance on each queue

// Reads need some role; every change is a security officer's.
Status CheckMay(const ApiCaller& caller, bool changes) {
  if (!changes && !caller.roles.empty()) return Ok();
  return caller.Check(changes ? Role::kSecurityOfficer : Role::kViewer);
}

// What one method is beside its messages.
template <typename Request, typename Response>
struct Method {
  std::string_view name;
  std::string_view act;  // as the history calls it
  bool changes;
  void (AsyncService::*ask)(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                            grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*);
  Status (*work)(const Parts&, const Act&, const Request&);
};

Status Drop(const Result<BundlePtr>& result) {
  RK_RETURN_IF_ERROR(result);
  return Ok();
}

constexpr Method<v1::ListRootsRequest, v1::RootList> kList{
    "ListRoots", "roots listed", false, &AsyncService::RequestListRoots,
    [](const Parts&, const Act&, const v1::ListRootsRequest&) { return Ok(); }};
constexpr Method<v1::AddRootRequest, v1::RootList> kAdd{
    "AddRoot", "root added", true, &AsyncService::RequestAddRoot,
    [](const Parts& parts, const Act& act, const v1::AddRootRequest& request) {
      return Drop(parts.roots.Add(act, AsBytes(request.certificate())));
    }};
constexpr Method<v1::ActivateRootRequest, v1::RootList> kActivate{
    "ActivateRoot", "root activated", true, &AsyncService::RequestActivateRoot,
    [](const Parts& parts, const Act& act, const v1::ActivateRootRequest& request) {
      return Drop(parts.roots.Activate(act, request.root()));
    }};
constexpr Method<v1::TaintRootRequest, v1::RootList> kTaint{
    "TaintRoot", "root tainted", true, &AsyncService::RequestTaintRoot,
    [](const Parts& parts, const Act& act, const v1::TaintRootRequest& request) {
      return Drop(parts.roots.Taint(act, request.root()));
    }};
constexpr Method<v1::RemoveRootRequest, v1::RootList> kRemove{
    "RemoveRoot", "root removed", true, &AsyncService::RequestRemoveRoot,
    [](const Parts& parts, const Act& act, const v1::RemoveRootRequest& request) {
      return Drop(parts.roots.Remove(act, request.root(), request.force()));
    }};
constexpr Method<v1::ListJwtKeysRequest, v1::JwtKeyList> kListJwtKeys{
    "ListJwtKeys", "jwt keys listed", false, &AsyncService::RequestListJwtKeys,
    [](const Parts&, const Act&, const v1::ListJwtKeysRequest&) { return Ok(); }};
constexpr Method<v1::RemoveJwtKeyRequest, v1::JwtKeyList> kRemoveJwtKey{
    "RemoveJwtKey", "jwt key removed", true, &AsyncService::RequestRemoveJwtKey,
    [](const Parts& parts, const Act& act, const v1::RemoveJwtKeyRequest& request) {
      return Drop(parts.jwt_keys.Remove(act, request.key_id()));
    }};

template <typename Request>
std::string ReasonOf(const Request& request) {
  if constexpr (requires { request.reason(); }) return request.reason();
  return {};
}

template <typename Request>
std::string SubjectOf(const Request& request) {
  if constexpr (requires { request.root(); }) return request.root();
  if constexpr (requires { request.key_id(); }) return request.key_id();
  return {};
}

v1::RootState ToProto(RootState state) {
  switch (state) {
    case RootState::kTrusted: return v1::ROOT_STATE_TRUSTED;
    case RootState::kTainted: return v1::ROOT_STATE_TAINTED;
    case RootState::kRemoved: return v1::ROOT_STATE_REMOVED;
  }
  return v1::ROOT_STATE_UNSPECIFIED;
}

void Fill(v1::RecordedRoot& out, const RootRecord& record) {
  out.set_certificate(std::string(AsText(record.root.certificate)));
  out.set_fingerprint(record.root.fingerprint);
  out.set_subject_key_id(std::string(AsText(record.root.subject_key_id)));
  out.set_state(ToProto(record.state));
  out.set_active(record.root.active);
  out.set_vouches_for_clients(record.root.vouches_for_clients && record.state != RootState::kRemoved);
  out.set_added_at(record.added_at);
  out.set_state_since(record.state_since);
}

void Fill(v1::RecordedJwtKey& out, const JwtKeyRecord& record) {
  out.set_key_id(record.key.key_id);
  out.set_public_key(std::string(AsText(record.key.public_key)));
  out.set_expires_at(record.key.expires_at);
  out.set_published_at(record.published_at);
  out.set_published_by(record.published_by);
  out.set_removed_at(record.removed_at);
}

Status FillRecords(v1::RootList& list, const Parts& parts, const std::string& trust_domain) {
  RK_TRY(const auto records, parts.roots.List(trust_domain));
  for (const RootRecord& record : records) Fill(*list.add_roots(), record);
  return Ok();
}

Status FillRecords(v1::JwtKeyList& list, const Parts& parts, const std::string& trust_domain) {
  RK_TRY(const auto records, parts.jwt_keys.List(trust_domain));
  for (const JwtKeyRecord& record : records) Fill(*list.add_keys(), record);
  return Ok();
}

}  // namespace

template <typename Request, typename Response>
class TrustBundleAdministrationService::Call final : public ApiCall<Request, Response> {
  using Base = ApiCall<Request, Response>;

 public:
  Call(TrustBundleAdministrationService& door, const Method<Request, Response>& method, const CallQueue& queue)
      : Base(queue, door.parts_.api, method.name), door_(door), method_(method) {}

 private:
  void Ask() override {
    (door_.service_.*method_.ask)(&this->context(), &this->request(), &this->responder(), this->queue(), this->queue(),
                                  this->tag());
  }
  void Replace() override { Base::template Wait<Call>(door_, method_, this->calls()); }

  void Work(const Peer&) override {
    this->ByWorker([this] { return Do(); });
  }

  Status Do() {
    const ApiCaller& caller = this->known().entry;
    Act act{.trust_domain = caller.trust_domain, .by = this->by(), .reason = ReasonOf(this->request())};
    const auto refused = [&](const Error& error) {
      return door_.parts_.roots.Refused(act, method_.act, SubjectOf(this->request()), error);
    };
    if (const Status may = CheckMay(caller, method_.changes); !may.ok()) return refused(may.error());
    const auto trust_domain = this->TrustDomain(this->request().trust_domain());
    if (!trust_domain.ok()) return refused(trust_domain.error());
    RK_RETURN_IF_ERROR(method_.work(door_.parts_, act, this->request()));
    return FillList(*trust_domain);
  }

  Status FillList(const std::string& trust_domain) {
    Response& list = this->response();
    list.set_trust_domain(trust_domain);
    if (const BundlePtr bundle = door_.parts_.bundles.Current(trust_domain)) list.set_sequence(bundle->sequence);
    return FillRecords(list, door_.parts_, trust_domain);
  }

  TrustBundleAdministrationService& door_;
  const Method<Request, Response>& method_;
};

void TrustBundleAdministrationService::Await(const CallQueue& queue) {
  const auto wait = [&]<typename Request, typename Response>(const Method<Request, Response>& method) {
    const CallQueue mine = queue.ForService();
    for (int i = 0; i < kWaiting; ++i)
      Call<Request, Response>::template Wait<Call<Request, Response>>(*this, method, mine);
  };
  wait(kList);
  wait(kAdd);
  wait(kActivate);
  wait(kTaint);
  wait(kRemove);
  wait(kListJwtKeys);
  wait(kRemoveJwtKey);
}

}  // namespace rootkeep
