// Users and groups of this system.
#pragma once

#include <sys/types.h>

#include <string>

#include "keystore/base/result.h"

namespace rootkeep {

// By name, or a decimal number, which need not have a name. NOT_FOUND.
Result<uid_t> UserNumber(const std::string& user);
Result<gid_t> GroupNumber(const std::string& group);

}  // namespace rootkeep
