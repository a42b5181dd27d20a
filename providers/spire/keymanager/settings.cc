#include "providers/spire/keymanager/settings.h"

#include <fmt/format.h>
#include <sys/un.h>

#include "providers/spire/keymanager/key_name.h"

namespace rootkeep::spire {
namespace {

constexpr std::size_t kLongestPath = sizeof(sockaddr_un::sun_path) - 1;

Status CheckSocketPath(const std::string& path) {
  if (!path.starts_with('/')) return InvalidArgument("socket is not an absolute path");
  if (path.size() > kLongestPath) return InvalidArgument(fmt::format("socket is longer than {} octets", kLongestPath));
  return Ok();
}

}  // namespace

Result<Settings> ReadSettings(hcl::Section& section) {
  RK_TRY(auto socket, section.GetText("socket"));
  RK_TRY(auto instance, section.GetText("instance"));
  RK_RETURN_IF_ERROR(section.RefuseUnknown());
  if (!socket) return InvalidArgument("socket is required: the path of rootkeep-agent's key socket");
  if (!instance)
    return InvalidArgument("instance is required: it tells this SPIRE's keys from others' in the same token");
  RK_RETURN_IF_ERROR(CheckSocketPath(*socket));
  RK_RETURN_IF_ERROR(CheckInstance(*instance));
  return Settings{.socket = *std::move(socket), .instance = *std::move(instance)};
}

}  // namespace rootkeep::spire
