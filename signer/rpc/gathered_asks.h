// What one polling thread has let in and not yet brought to the issuer.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "signer/issue/issuer.h"
#include "signer/rpc/deferred.h"

namespace rootkeep {

// Used on the polling thread of `deferred` only. `issuer` outlives it.
class GatheredAsks {
 public:
  GatheredAsks(Issuer& issuer, std::shared_ptr<Deferred> deferred) : issuer_(issuer), deferred_(std::move(deferred)) {}

  // Brought to the issuer, with the others, when they are as many as are best brought at once, or Deferred runs.
  void Add(Issuer::Ask ask) {
    if (asks_.empty()) deferred_->Set([this] { Bring(); });
    asks_.push_back(std::move(ask));
    if (asks_.size() >= Issuer::BestBatch()) Bring();
  }

 private:
  void Bring() {
    deferred_->Set({});
    auto asks = std::exchange(asks_, {});
    issuer_.Issue(asks);
  }

  Issuer& issuer_;
  const std::shared_ptr<Deferred> deferred_;
  std::vector<Issuer::Ask> asks_;
};

}  // namespace rootkeep
