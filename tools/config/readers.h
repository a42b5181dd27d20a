// The typed stage, one function a part of the file: from a filled message to validated structs. Private to this folder
// and the programs' own files.
// `section` is the whole file's; `config` holds what was read before.
#pragma once

#include "proto/rootkeep/config/v1/config.pb.h"
#include "tools/config/config.h"
#include "tools/config/section.h"

namespace rootkeep::config {

void ReadEndpoints(const v1::Config& file, const Section& section, Config& config);
void ReadHardware(const v1::Config& file, const Section& section, Config& config);
// The parts that other programs' files have too: the lists "modules" and "tokens" of `section`, of which one entry each
// may be required, and "log".
std::vector<Module> ReadModules(const google::protobuf::RepeatedPtrField<v1::Module>& items, const Section& section,
                                bool required);
std::vector<Token> ReadTokens(const google::protobuf::RepeatedPtrField<v1::Token>& items, const Section& section,
                              const std::vector<Module>& modules, bool required);
// The list "tpms", behind the tokens; files of theirs are by default in directories of their names in `directory`.
void AddTpms(const google::protobuf::RepeatedPtrField<v1::Tpm>& items, const Section& section,
             const std::string& directory, std::vector<Token>& tokens);
Log ReadLog(const v1::Log& file, const Section& section);
// What is not given is as in `defaults`.
LifetimeRules ReadLifetimes(const v1::Lifetimes& file, const Section& section, const LifetimeRules& defaults);
// After ReadHardware.
void ReadAuthorities(const v1::Config& file, const Section& section, Config& config);
// After ReadAuthorities, which reads the trust domains.
void ReadTokenIssuers(const v1::Config& file, const Section& section, Config& config);
void ReadImpersonation(const v1::Config& file, const Section& section, Config& config);
// After ReadAuthorities, which reads the authorities.
void ReadAttestation(const v1::Config& file, const Section& section, Config& config);
// After ReadTokenIssuers, whose clusters it looks at, and ReadAttestation.
void ReadRequirements(const v1::Config& file, const Section& section, Config& config);
// After ReadAuthorities, which reads the trust domains.
void ReadApiCallers(const v1::Config& file, const Section& section, Config& config);
void ReadLimits(const v1::Config& file, const Section& section, Config& config);

}  // namespace rootkeep::config
