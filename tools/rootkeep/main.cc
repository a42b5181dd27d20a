// `rootkeep`, the operator's command line.
#include <sys/prctl.h>

#include <cstdlib>

#include "keystore/base/log.h"
#include "keystore/tpm2/tpm.h"
#include "tools/rootkeep/parse.h"

int main(int argc, char** argv) {
  prctl(PR_SET_DUMPABLE, 0);  // PINs pass through here: nobody of the same user looks in
  // A command tells its failure once, by itself; the libraries' own lines are for a daemon's log.
  static_cast<void>(rootkeep::log::Start(rootkeep::log::Level::kError, "/dev/null"));
  // gRPC otherwise writes its own lines about failed connections beside our error; who debugs it says so.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  rootkeep::tpm2::QuietTss2();
  return rootkeep::cli::Run(rootkeep::cli::Commands(), argc, argv);
}
