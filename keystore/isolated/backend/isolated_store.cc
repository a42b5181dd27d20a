#include "keystore/isolated/backend/isolated_store.h"

#include "keystore/isolated/backend/answer.h"
#include "keystore/isolated/backend/isolated_signer.h"

namespace rootkeep::isolated {

Status IsolatedStore::Start(Deadline deadline) {
  RK_TRY(const auto process, supervisor_->Running(deadline));
  return Ok();
}

Result<std::shared_ptr<const Signer>> IsolatedStore::Open(const KeyUri& uri, Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->Call(deadline, [&](HostProcess& host) {
    return host.Call({.deadline = deadline, .call = OpenCall{uri}});
  }));
  RK_TRY(Opened opened, Expect<Opened>(std::move(reply)));
  return std::make_shared<IsolatedSigner>(supervisor_, std::move(opened.info));
}

Result<KeyInfo> IsolatedStore::Create(const KeySpec& spec, Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->CallOnce({.deadline = deadline, .call = CreateCall{spec}}));
  RK_TRY(Key key, Expect<Key>(std::move(reply)));
  return std::move(key.info);
}

Result<std::vector<KeyInfo>> IsolatedStore::List(Deadline deadline) {
  std::vector<KeyInfo> keys;
  RK_TRY(Reply reply, supervisor_->Call(deadline, [&](HostProcess& host) {
    keys.clear();
    return host.Call({.deadline = deadline, .call = ListCall{}}, &keys);
  }));
  RK_RETURN_IF_ERROR(ExpectDone(std::move(reply)));
  return keys;
}

Status IsolatedStore::Probe(Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->Call(deadline, [&](HostProcess& host) {
    return host.Call({.deadline = deadline, .call = ProbeCall{}});
  }));
  return ExpectDone(std::move(reply));
}

Result<std::optional<DeviceSpace>> IsolatedStore::Space(Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->Call(deadline, [&](HostProcess& host) {
    return host.Call({.deadline = deadline, .call = SpaceCall{}});
  }));
  RK_TRY(const isolated::Space answer, Expect<isolated::Space>(std::move(reply)));
  return answer.space;
}

Status IsolatedStore::Delete(const KeyUri& uri, Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->CallOnce({.deadline = deadline, .call = DeleteCall{uri}}));
  return ExpectDone(std::move(reply));
}

Status IsolatedStore::DeleteRemains(const KeyRemains& remains, Deadline deadline) {
  RK_TRY(Reply reply, supervisor_->CallOnce({.deadline = deadline, .call = DeleteRemainsCall{remains}}));
  return ExpectDone(std::move(reply));
}

}  // namespace rootkeep::isolated
