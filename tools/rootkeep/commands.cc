#include "tools/rootkeep/commands.h"

namespace rootkeep::cli {

const std::vector<Command>& Commands() {
  static const auto* commands = new std::vector<Command>{
      DevCommand(),           KeyCreateCommand(),    KeyListCommand(),        KeyShowCommand(),
      KeyAdoptCommand(),      KeyPermitCommand(),    KeyRetireCommand(),      KeyDestroyCommand(),
      KeySweepCommand(),      KeyEvidenceCommand(),  KeyExportCommand(),      KeyVerifyEvidenceCommand(),
      CaInitCommand(),        CaRequestCommand(),    CaInstallCommand(),      RequestCommand(),
      DoctorCommand(),        PinCheckCommand(),     PinReplaceCommand(),     PinUnlatchCommand(),
      ProviderCheckCommand(), InspectCommand(),      LedgerListCommand(),     LedgerShowCommand(),
      NodeListCommand(),      NodeShowCommand(),     NodeApproveCommand(),    NodeApproveAllCommand(),
      NodeDenyCommand(),      NodeRemoveCommand(),   NodePolicyTestCommand(), RootListCommand(),
      RootAddCommand(),       RootActivateCommand(), RootTaintCommand(),      RootRemoveCommand(),
      JwtKeyListCommand(),    JwtKeyRemoveCommand(), VersionCommand()};
  return *commands;
}

}  // namespace rootkeep::cli
