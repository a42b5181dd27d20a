#include "tools/rootkeep/commands.h"
#include "tools/rootkeep/root_act.h"

namespace rootkeep::cli {

Command RootActivateCommand() {
  return {
      .group = "root",
      .name = "activate",
      .summary = "Have what is issued chain to this root from now on; the second step",
      .example = "rootkeep root activate --socket /run/rootkeep/officer.sock 779ea0eadfdac3456af7688fb0c4dae027692d60",
      .declare = DeclareRootAct<v1::ActivateRootRequest, &RootClient::Activate>};
}

}  // namespace rootkeep::cli
