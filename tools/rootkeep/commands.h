// One function a command; each is defined in the file of its name.
#pragma once

#include "tools/rootkeep/command.h"

namespace rootkeep::cli {

Command CaInitCommand();
Command CaInstallCommand();
Command CaRequestCommand();
Command DevCommand();
Command DoctorCommand();
Command InspectCommand();
Command JwtKeyListCommand();
Command JwtKeyRemoveCommand();
Command KeyAdoptCommand();
Command KeyCreateCommand();
Command KeyDestroyCommand();
Command KeyEvidenceCommand();
Command KeyExportCommand();
Command KeyListCommand();
Command KeyPermitCommand();
Command KeyRetireCommand();
Command KeyShowCommand();
Command KeySweepCommand();
Command KeyVerifyEvidenceCommand();
Command LedgerListCommand();
Command LedgerShowCommand();
Command NodeApproveCommand();
Command NodeApproveAllCommand();
Command NodeDenyCommand();
Command NodeListCommand();
Command NodePolicyTestCommand();
Command NodeRemoveCommand();
Command NodeShowCommand();
Command PinCheckCommand();
Command PinReplaceCommand();
Command PinUnlatchCommand();
Command ProviderCheckCommand();
Command RequestCommand();
Command RootActivateCommand();
Command RootAddCommand();
Command RootListCommand();
Command RootRemoveCommand();
Command RootTaintCommand();
Command VersionCommand();

}  // namespace rootkeep::cli
