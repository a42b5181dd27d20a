#include "tools/rootkeep/parse.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <map>
#include <optional>

#include "tools/rootkeep/output.h"
#include "tools/rootkeep/usage.h"

namespace rootkeep::cli {
namespace {

constexpr char kAbout[] =
    "Keeps certificate authority keys in PKCS#11 tokens: creates keys, runs a CA's ceremony, asks a running rootkeepd "
    "for certificates, finds out what is wrong.";
constexpr char kExitCodes[] = "exit codes: 0 ok, 1 failed, 2 the command line was wrong";

const std::map<std::string, std::string>& GroupSummaries() {
  static const std::map<std::string, std::string> summaries{
      {"key", "Keys inside a token"},
      {"ca", "An issuing CA whose key is inside a token"},
      {"provider", "The OpenSSL provider, as an application would load it"},
      {"pin", "A token's PIN, and the latch that keeps a wrong one from being tried twice"},
      {"ledger", "What rootkeepd has recorded"},
      {"node", "Nodes that prove themselves by their TPM"},
      {"node policy", "What groups of nodes have to be like"},
      {"jwt-key", "The keys of other servers, such as SPIRE's, whose JWTs a trust domain trusts"},
      {"root", "The roots that a trust domain trusts, and how one takes the place of another"}};
  return summaries;
}

std::string Footer(const std::string& example) { return fmt::format("example:\n  {}\n\n{}", example, kExitCodes); }

using Groups = std::map<std::string, CLI::App*>;

// The group of that name, within the group of the words before its last. Its --help shows the example of its first
// command.
CLI::App* GroupOf(CLI::App& app, Groups& groups, const std::string& name, const Command& first) {
  if (name.empty()) return &app;
  if (const auto found = groups.find(name); found != groups.end()) return found->second;
  const std::size_t blank = name.rfind(' ');
  const bool top = blank == std::string::npos;
  CLI::App* outer = GroupOf(app, groups, top ? "" : name.substr(0, blank), first);
  const auto summary = GroupSummaries().find(name);
  CLI::App* group = outer->add_subcommand(top ? name : name.substr(blank + 1),
                                          summary == GroupSummaries().end() ? "" : summary->second);
  group->require_subcommand(1);
  group->footer(Footer(first.example));
  return groups[name] = group;
}

// The command or group that the line got to, and the words up to it.
struct Asked {
  const CLI::App* app;
  std::string path;
};

Asked WhatWasAsked(const CLI::App& app) {
  Asked asked{&app, app.get_name()};
  while (!asked.app->get_subcommands().empty()) {
    asked.app = asked.app->get_subcommands().front();
    asked.path += " " + asked.app->get_name();
  }
  return asked;
}

std::optional<Error> UnknownCommand(const Asked& asked) {
  const std::vector<std::string> unknown = asked.app->remaining();
  if (asked.app->get_require_subcommand_min() == 0 || unknown.empty()) return std::nullopt;
  return UsageError(fmt::format("\"{}\" is not a command or option of {}", unknown.front(), asked.path))
      .WithHint(asked.path + " --help");
}

// A parse error in the words every other failure of ours has.
Error ToError(const CLI::App& app, const CLI::ParseError& error) {
  const Asked asked = WhatWasAsked(app);
  if (auto unknown = UnknownCommand(asked)) return *std::move(unknown);
  std::string message = error.what();
  if (const auto end = message.find_last_not_of(".\n"); end != std::string::npos) message.resize(end + 1);
  if (!message.empty() && message[0] == 'A') message[0] = 'a';
  return UsageError(message).WithHint(asked.path + " --help");
}

int Finish(Status status) {
  if (status.ok()) status = FinishOutput();
  if (status.ok()) return kExitOk;
  PrintError(status.error());
  return status.error().reason() == kReasonUsage ? kExitUsage : kExitFailed;
}

// "help key create" as "key create --help".
std::vector<char*> HelpAsOption(std::vector<char*> words) {
  static char option[] = "--help";
  if (words.size() < 2 || words[1] != std::string_view("help")) return words;
  words.erase(words.begin() + 1);
  words.push_back(option);
  return words;
}

int RunUnguarded(const std::vector<Command>& commands, int argc, char** argv) {
  CLI::App app(kAbout, "rootkeep");
  app.require_subcommand(1);
  app.footer(Footer("rootkeep dev"));
  app.set_version_flag("--version", "rootkeep " ROOTKEEP_VERSION, "Print the version and exit");
  Groups groups;
  Action chosen;
  for (const Command& command : commands) {
    CLI::App* sub = GroupOf(app, groups, command.group, command)->add_subcommand(command.name, command.summary);
    sub->footer(Footer(command.example));
    Options options(*sub);
    sub->callback([&chosen, action = command.declare(options)] { chosen = action; });
  }
  try {
    const std::vector<char*> words = HelpAsOption({argv, argv + argc});
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp& help) {
    if (auto unknown = UnknownCommand(WhatWasAsked(app))) return Finish(*std::move(unknown));
    app.exit(help);
    return Finish(Ok());
  } catch (const CLI::CallForAllHelp& help) {
    app.exit(help);
    return Finish(Ok());
  } catch (const CLI::CallForVersion& version) {
    app.exit(version);
    return Finish(Ok());
  } catch (const CLI::ParseError& error) {
    return Finish(ToError(app, error));
  }
  return Finish(chosen());
}

}  // namespace

int Run(const std::vector<Command>& commands, int argc, char** argv) {
  try {
    return RunUnguarded(commands, argc, argv);
  } catch (const std::exception& thrown) {
    return Finish(Internal(fmt::format("a library failed: {}", thrown.what())));
  }
}

}  // namespace rootkeep::cli
