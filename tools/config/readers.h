// The typed stage, one function a part of the file: from a filled message to validated structs. Private to this folder.
// `section` is the whole file's; `config` holds what was read before.
#pragma once

#include "proto/rootkeep/config/v1/config.pb.h"
#include "tools/config/config.h"
#include "tools/config/section.h"

namespace rootkeep::config {

void ReadEndpoints(const v1::Config& file, const Section& section, Config& config);
void ReadHardware(const v1::Config& file, const Section& section, Config& config);
// After ReadHardware.
void ReadAuthorities(const v1::Config& file, const Section& section, Config& config);
// After ReadAuthorities, which reads the trust domains.
void ReadTokenIssuers(const v1::Config& file, const Section& section, Config& config);
void ReadImpersonation(const v1::Config& file, const Section& section, Config& config);
void ReadLimits(const v1::Config& file, const Section& section, Config& config);

}  // namespace rootkeep::config
