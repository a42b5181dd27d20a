#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_act.h"

namespace rootkeep::cli {

Command RootTaintCommand() {
  return {.group = "root",
          .name = "taint",
          .summary = "Have clients replace what was issued below this root; after another was activated",
          .example = "rootkeep root taint --socket /run/rootkeep/officer.sock 779ea0eadfdac3456af7688fb0c4dae027692d60",
          .declare = DeclareRootAct<v1::TaintRootRequest, &RootClient::Taint>};
}

}  // namespace rootkeep::cli
