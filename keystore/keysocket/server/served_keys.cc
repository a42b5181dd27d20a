#include "keystore/keysocket/server/served_keys.h"

#include <fmt/format.h>

#include <algorithm>

#include "keystore/keysocket/values/convert.h"
#include "keystore/keysocket/values/uri.h"

namespace rootkeep::keysocket {
namespace {

constexpr std::string_view kReasonKeyNotFound = "key_not_found";

Error NoSuchKey(const std::string& which) {
  return NotFound("no key that this caller may use " + which).WithReason(kReasonKeyNotFound);
}

// What a token says of itself, whichever key was asked for.
bool IsOfToken(const Error& error) {
  if (error.code() != Code::kFailedPrecondition) return true;
  const std::string_view reason = error.reason();
  return reason.starts_with("pin_") || reason.starts_with("token_") || reason.starts_with("module_");
}

// Whether it can be the one; the token is asked before it is taken for it.
bool MayBe(const NamedKey& key, const KeyInfo& info) {
  if (!key.uri.object_label.empty() && key.uri.object_label != info.label) return false;
  return key.uri.object_id.empty() || key.uri.object_id == info.id;
}

constexpr std::chrono::seconds kLongestLook{10};

// When the first of so many that share the time has to be done: one that hangs leaves the others theirs.
Deadline PartOf(Deadline deadline, std::size_t sharers) {
  const Deadline now = std::chrono::steady_clock::now();
  return now + (deadline - now) / static_cast<Deadline::rep>(sharers);
}

}  // namespace

ServedKeyPtr ServedKeys::Known(const Fingerprint& fingerprint) const {
  const MutexLock lock(mutex_);
  const auto found = known_.find(fingerprint);
  return found == known_.end() ? nullptr : found->second;
}

Result<LabelParts> ServedKeys::NameOf(std::size_t token, const KeyInfo& info, Deadline deadline) const {
  if (info.named) return *info.named;
  for (const NamedKey& key : tokens_[token].keys) {
    if (!MayBe(key, info)) continue;
    const auto meant = tokens_[token].store->Open(key.uri, deadline);
    if (meant.ok() && (*meant)->public_key() == info.public_key) {
      return LabelParts{.use = key.use, .name = key.name, .generation = 1};
    }
    if (!meant.ok() && meant.error().code() != Code::kFailedPrecondition) return meant.error();
  }
  return NoSuchKey("answers to that name")
      .WithHint("its label is none of Rootkeep's, and the agent's configuration does not name it");
}

Result<ServedKeyPtr> ServedKeys::Remember(std::size_t token, std::shared_ptr<const Signer> signer, LabelParts named) {
  const KeyInfo& info = signer->info();
  const std::string uri = BehindSocket(info.uri).Redacted();
  // Also whether it can be described: a key that could be used and not be seen would be a trap.
  if (!Describe(info, named.use, uri, 1)) return NoSuchKey("answers to that name and can be described");
  auto key = std::make_shared<const ServedKey>(ServedKey{token, info, uri, std::move(signer), std::move(named)});
  const MutexLock lock(mutex_);
  ServedKeyPtr& known = known_[FingerprintOf(key->info.public_key)];
  if (known != nullptr) key->signed_by->store(known->signed_by->load());
  known = key;
  return key;
}

Result<ServedKeyPtr> ServedKeys::OpenOn(std::size_t token, const KeyUri& uri, Deadline deadline) {
  RK_TRY(auto signer, tokens_[token].store->Open(OnToken(uri, tokens_[token].scheme), deadline));
  RK_TRY(LabelParts named, NameOf(token, signer->info(), deadline));
  return Remember(token, std::move(signer), std::move(named));
}

ServedKeys::ByFingerprint ServedKeys::KnownOn(std::size_t token) const {
  const MutexLock lock(mutex_);
  ByFingerprint keys;
  for (const auto& known : known_) {
    if (known.second->token == token) keys.insert(known);
  }
  return keys;
}

void ServedKeys::Forget(const ByFingerprint& keys) {
  const MutexLock lock(mutex_);
  for (const auto& [fingerprint, key] : keys) {
    const auto known = known_.find(fingerprint);
    if (known != known_.end() && known->second == key) known_.erase(known);
  }
}

Result<std::vector<ServedKeyPtr>> ServedKeys::ListOn(std::size_t token, Deadline deadline) {
  // Before the token is asked: a key that is made meanwhile may not be listed.
  ByFingerprint gone = KnownOn(token);
  RK_TRY(const auto infos, tokens_[token].store->List(deadline));
  std::vector<ServedKeyPtr> keys;
  for (const KeyInfo& info : infos) {
    const auto may_be = [&info](const NamedKey& key) { return MayBe(key, info); };
    if (!info.named && std::ranges::none_of(tokens_[token].keys, may_be)) continue;
    ServedKeyPtr key = Known(FingerprintOf(info.public_key));
    // Named anew on its token: what it may be used for may have changed.
    const bool current = key != nullptr && key->token == token && key->info.label == info.label &&
                         key->info.id == info.id && key->info.custody == info.custody;
    if (!current) {
      auto opened = OpenOn(token, info.uri, deadline);
      if (opened.ok()) {
        key = *opened;
      } else if (opened.error().code() == Code::kNotFound || opened.error().code() == Code::kFailedPrecondition) {
        continue;  // gone meanwhile, or not to be told from another
      } else {
        return std::move(opened).error();
      }
    }
    gone.erase(FingerprintOf(info.public_key));
    keys.push_back(std::move(key));
  }
  Forget(gone);
  return keys;
}

Result<std::vector<ServedKeyPtr>> ServedKeys::List(const TokenFilter& tokens, const KeyFilter& keys,
                                                   Deadline deadline) {
  std::vector<ServedKeyPtr> out;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (!tokens(tokens_[i].name)) continue;
    RK_TRY(auto found, ListOn(i, deadline));
    for (ServedKeyPtr& key : found) {
      if (keys(tokens_[i].name, key->named)) out.push_back(std::move(key));
    }
  }
  std::ranges::sort(out, {}, [](const ServedKeyPtr& key) { return FingerprintOf(key->info.public_key); });
  return out;
}

Status ServedKeys::LookOn(std::size_t token, const Fingerprint& wanted, Deadline deadline) {
  {
    const MutexLock lock(mutex_);
    Look& look = looks_[token];
    bool in_time = true;
    while (in_time && look.under_way && !known_.contains(wanted)) in_time = look_ended_.WaitUntil(mutex_, deadline);
    if (known_.contains(wanted)) return Ok();
    const auto now = std::chrono::steady_clock::now();
    if (in_time && now - look.ended < kLookAgain) return look.failure ? Status(*look.failure) : Ok();
    if (!in_time || deadline <= now) {
      return Unavailable(fmt::format("the deadline passed while token {} was asked for its keys", tokens_[token].name))
          .WithReason("deadline");
    }
    look.under_way = true;
  }
  Looking done(*this, token);
  const auto listed = ListOn(token, std::min(deadline, After(kLongestLook)));
  done.result = listed.ok() ? Ok() : Status(listed.error());
  return *done.result;
}

std::vector<std::size_t> ServedKeys::Meant(const TokenFilter& tokens) const {
  std::vector<std::size_t> meant;
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    if (tokens(tokens_[i].name)) meant.push_back(i);
  }
  return meant;
}

Result<ServedKeyPtr> ServedKeys::Find(const Fingerprint& fingerprint, const TokenFilter& tokens, Deadline deadline) {
  const std::vector<std::size_t> meant = Meant(tokens);
  std::optional<Error> failure;
  for (std::size_t i = 0; i < meant.size(); ++i) {
    const Status looked = LookOn(meant[i], fingerprint, PartOf(deadline, meant.size() - i));
    if (const ServedKeyPtr key = Known(fingerprint); key != nullptr) return key;
    if (!looked.ok() && !failure) failure = looked.error();
  }
  if (failure) return *std::move(failure);
  return NoSuchKey("has that public key");
}

Result<ServedKeyPtr> ServedKeys::Open(const KeyUri& uri, const TokenFilter& tokens, const KeyFilter& keys,
                                      const KeyDenial& denied, Deadline deadline) {
  if (uri.object_id.empty() && uri.object_label.empty()) {
    return InvalidArgument(uri.Redacted() + " names no key").WithHint("add object= or id=");
  }
  const std::optional<LabelParts> asked = ParseKeyLabel(uri.object_label);
  ServedKeyPtr only;
  std::optional<Error> failure;
  std::optional<LabelParts> not_meant;
  const std::vector<std::size_t> meant = Meant(tokens);
  for (std::size_t i = 0; i < meant.size(); ++i) {
    const std::string& token = tokens_[meant[i]].name;
    // Before the token is: what it answers would tell of a key that is not meant.
    if (asked && !keys(token, *asked)) {
      not_meant = asked;
      continue;
    }
    auto key = OpenOn(meant[i], uri, PartOf(deadline, meant.size() - i));
    if (!key.ok()) {
      const bool may_be_told = asked || IsOfToken(key.error());
      if (may_be_told && key.error().code() != Code::kNotFound) failure = std::move(key).error();
      continue;
    }
    if (!keys(token, (*key)->named)) {
      not_meant = (*key)->named;
      continue;
    }
    if (only != nullptr) {
      return FailedPrecondition("keys on several tokens answer to " + uri.Redacted())
          .WithReason("key_ambiguous")
          .WithHint("name the token by token= or serial=");
    }
    only = *std::move(key);
  }
  if (only != nullptr) return only;
  if (not_meant) denied(*not_meant);
  if (failure) return *std::move(failure);
  return NoSuchKey("answers to " + uri.Redacted());
}

Result<ServedKeyPtr> ServedKeys::Create(const std::string& token, const KeySpec& spec, Deadline deadline) {
  const auto at = std::ranges::find(tokens_, token, &ServedToken::name);
  if (at == tokens_.end()) return Internal("no token is called " + token);
  RK_TRY(const KeyInfo info, at->store->Create(spec, deadline));
  RK_TRY(ServedKeyPtr key, OpenOn(static_cast<std::size_t>(at - tokens_.begin()), info.uri, deadline));
  if (spec.use == KeyUse::kForeignCa) ForgetReplaced(*key);
  return key;
}

void ServedKeys::ForgetReplaced(const ServedKey& by) {
  const MutexLock lock(mutex_);
  std::erase_if(known_, [&by](const auto& known) {
    const LabelParts& named = known.second->named;
    return named.use == by.named.use && named.name == by.named.name && named.generation < by.named.generation;
  });
}

std::vector<pid_t> ServedKeys::SignersWith(KeyUse use, std::string_view name) const {
  const MutexLock lock(mutex_);
  std::vector<pid_t> signers;
  for (const auto& [fingerprint, key] : known_) {
    const pid_t signer = key->signed_by->load();
    if (key->named.use == use && key->named.name == name && signer != 0) signers.push_back(signer);
  }
  return signers;
}

Status ServedKeys::Probe(const TokenFilter& tokens, Deadline deadline) {
  for (const ServedToken& token : tokens_) {
    HealthProbe* probe = token.store->health();
    if (probe == nullptr || !tokens(token.name)) continue;
    RK_RETURN_IF_ERROR(probe->Probe(deadline));
  }
  return Ok();
}

}  // namespace rootkeep::keysocket
