#include "providers/spire/upstreamauthority/settings.h"

namespace rootkeep::spire {
namespace {

constexpr std::chrono::minutes kLongestWait{5};

Status ReadText(hcl::Section& section, std::string_view key, std::string& out) {
  RK_TRY(auto text, section.GetText(key));
  out = std::move(text).value_or("");
  return Ok();
}

}  // namespace

Result<Settings> ReadSettings(const std::string& trust_domain, hcl::Section& section) {
  Settings settings{.trust_domain = trust_domain};
  CaConnectionOptions& connection = settings.connection;
  RK_RETURN_IF_ERROR(ReadText(section, "socket", connection.socket));
  RK_RETURN_IF_ERROR(ReadText(section, "address", connection.address));
  RK_RETURN_IF_ERROR(ReadText(section, "server_name", connection.server_name));
  RK_RETURN_IF_ERROR(ReadText(section, "anchors_file", connection.anchors_file));
  RK_RETURN_IF_ERROR(ReadText(section, "certificate_file", connection.certificate_file));
  RK_RETURN_IF_ERROR(ReadText(section, "key_file", connection.key_file));
  RK_RETURN_IF_ERROR(ReadText(section, "token_file", connection.token_file));
  RK_TRY(const auto wait, section.GetDuration("wait_for_daemon"));
  RK_RETURN_IF_ERROR(section.RefuseUnknown());
  settings.wait_for_daemon = wait.value_or(settings.wait_for_daemon);
  if (settings.wait_for_daemon > kLongestWait) return InvalidArgument("wait_for_daemon is more than 5m");
  return settings;
}

}  // namespace rootkeep::spire
