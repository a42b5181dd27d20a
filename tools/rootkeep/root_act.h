// Commands that name a root, say why and need nothing else.
#pragma once

#include <memory>
#include <string>

#include "tools/rootkeep/command.h"
#include "tools/rootkeep/trust_options.h"

namespace rootkeep::cli {

template <typename Request>
using RootAct = Result<v1::RootList> (RootClient::*)(const Request& request, Deadline deadline);

// For Command::declare: asks `act` for the root that the line names.
template <typename Request, RootAct<Request> act>
Action DeclareRootAct(Options& options) {
  struct Asked {
    TrustOptionsGiven trust;
    Request request;
    std::string root;
  };
  auto asked = std::make_shared<Asked>();
  DeclareTrustChange(options, asked->trust);
  DeclareRootName(options, asked->root);
  return [asked]() -> Status {
    asked->request.set_root(asked->root);
    asked->request.set_reason(asked->trust.reason);
    RK_TRY(const auto client, ConnectToTrust(asked->trust));
    RK_TRY(const v1::RootList roots, (client.get()->*act)(asked->request, After(kTrustDeadline)));
    return Report(roots, asked->trust.json);
  };
}

}  // namespace rootkeep::cli
