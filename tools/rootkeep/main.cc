// `rootkeep`, the operator's command line.
#include <cstdlib>

#include "tools/rootkeep/parse.h"

int main(int argc, char** argv) {
  // gRPC otherwise writes its own lines about failed connections beside our error; who debugs it says so.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  return rootkeep::cli::Run(rootkeep::cli::Commands(), argc, argv);
}
