#include "tests/support/ledger_load.h"

#include <fmt/format.h>

#include <utility>

#include "signer/ledger/certificate_tail.h"

namespace rootkeep::testing {

Intent MakeIntent(std::uint64_t number) {
  const std::uint64_t mixed = (number + 1) * 0x9e3779b97f4a7c15ULL;
  Intent intent;
  intent.request_id = fmt::format("{:016x}", number);
  intent.authority = "mesh";
  intent.issuer = kLedgerIssuer;
  intent.serial = fmt::format("5{:015x}{:016x}", number, mixed);
  intent.trust_domain = "cluster.local";
  intent.profile = "workload";
  intent.caller = fmt::format("spiffe://cluster.local/ns/default/sa/app-{}", number % 5000);
  intent.auth_method = "token";
  intent.authenticator = "cluster-1";
  intent.credential_id = fmt::format("{:032x}", number);
  intent.node = fmt::format("node-{}", number % 100);
  intent.peer = "ipv4:127.0.0.1:40404";
  intent.decision = "self";
  intent.sans = intent.caller;
  intent.csr_sha256 = fmt::format("{:016x}{:048x}", mixed, number);
  intent.spki_sha256 = fmt::format("{:016x}{:048x}", ~mixed, number);
  intent.not_before = 1'800'000'000;
  intent.not_after = 1'800'086'400;
  intent.intended_at = 1'800'000'000 + static_cast<std::int64_t>(number / 5000);
  intent.tbs.assign(700, static_cast<std::uint8_t>(number));
  return intent;
}

std::string ScatteredSerial(std::uint64_t number) {
  return fmt::format("5{:015x}{:016x}", ((number + 1) * 0x9e3779b97f4a7c15ULL) >> 4, number);
}

Bytes MakeCertificate(const Intent& intent) { return JoinCertificate(intent.tbs, Bytes(86, 0x5a)); }

Ledger::Durable Answers::For(std::string name) {
  return [this, name = std::move(name)](Status status) {
    const MutexLock lock(mutex_);
    answers_.push_back({name, std::move(status)});
    changed_.NotifyAll();
  };
}

std::vector<Answers::Answer> Answers::WaitFor(std::size_t count) {
  const MutexLock lock(mutex_);
  while (answers_.size() < count) changed_.Wait(mutex_);
  return answers_;
}

Status IntendAndWait(Ledger& ledger, const Intent& intent) {
  Answers answers;
  const Status taken = ledger.Intend(intent, answers.For(""));
  return taken.ok() ? answers.WaitFor(1).front().status : taken;
}

}  // namespace rootkeep::testing
