#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {

Error UsageError(std::string message) { return InvalidArgument(std::move(message)).WithReason(kReasonUsage); }

}  // namespace rootkeep::cli
