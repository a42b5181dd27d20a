#include "signer/node_id.h"

#include <fmt/format.h>

#include "signer/spiffe_id.h"

namespace rootkeep {
namespace {

constexpr std::size_t kEkDigits = 64;  // SHA-256
constexpr std::string_view kHexadecimal = "0123456789abcdefABCDEF";
constexpr std::size_t kMaxNodeId = 253;  // RFC 1123 names, which Kubernetes calls its nodes by
constexpr std::size_t kMaxTemplate = 512;
constexpr std::size_t kMaxUri = 2048;  // SPIFFE-ID §2.3
constexpr std::string_view kStart = "spiffe://{trust_domain}/";
constexpr std::string_view kNode = "{node}";

bool IsPath(std::string_view path) {
  for (;;) {
    const std::size_t slash = path.find('/');
    if (!IsPathSegment(path.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

// Segments of which the first is a word of its own, and not the one that workloads' names begin with.
bool IsNodePath(std::string_view path) {
  return IsPath(path) && path.find('/') != std::string_view::npos && !path.starts_with("ns/");
}

}  // namespace

bool IsNodeUri(std::string_view uri, std::string_view trust_domain) {
  const std::string start = fmt::format("spiffe://{}/", trust_domain);
  return uri.size() <= kMaxUri && uri.starts_with(start) && IsNodePath(uri.substr(start.size()));
}

bool IsNodeId(std::string_view node) {
  const bool digest = node.size() == kEkDigits && node.find_first_not_of(kHexadecimal) == std::string_view::npos;
  return node.size() <= kMaxNodeId && IsPathSegment(node) && !digest;
}

NodeUriTemplate::NodeUriTemplate() : before_("node/") {}

Result<NodeUriTemplate> NodeUriTemplate::Parse(std::string_view text) {
  if (text.size() > kMaxTemplate || !text.starts_with(kStart)) {
    return InvalidArgument("a node's URI begins with spiffe://{trust_domain}/");
  }
  const std::string_view path = text.substr(kStart.size());
  const std::size_t node = path.find(kNode);
  if (node == std::string_view::npos) return InvalidArgument("a node's URI holds {node}");
  const NodeUriTemplate made(path.substr(0, node), path.substr(node + kNode.size()));
  // Any id stands for all: a segment is one with or without more letters in it.
  if (!IsPath(made.before_ + "n" + made.after_)) {
    return InvalidArgument("the path of a node's URI has segments of a-z, A-Z, 0-9, dot, dash and underscore");
  }
  if (made.before_.find('/') == std::string::npos || made.before_.starts_with("ns/")) {
    return InvalidArgument("the path of a node's URI begins with a word of its own, which is not ns");
  }
  return made;
}

std::string NodeUriTemplate::Uri(std::string_view trust_domain, std::string_view node) const {
  return fmt::format("spiffe://{}/{}{}{}", trust_domain, before_, node, after_);
}

std::string NodeUriTemplate::ToText() const { return fmt::format("{}{}{}{}", kStart, before_, kNode, after_); }

}  // namespace rootkeep
