// Any text as a plugin's configuration: it is read or refused with a place in the text, and what is read can be asked.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "providers/spire/plugin/hcl/parse.h"
#include "providers/spire/plugin/hcl/section.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto members = rootkeep::spire::hcl::Parse(text);
  if (!members.ok()) {
    Require(members.error().code() == rootkeep::Code::kInvalidArgument);
    Require(size > rootkeep::spire::hcl::kMaxDocument || members.error().message().starts_with("line "));
    return 0;
  }
  const bool empty = members->empty();
  rootkeep::spire::hcl::Section section(std::move(*members));
  Require(section.RefuseUnknown().ok() == empty);
  (void)section.GetText("a");
  (void)section.GetInteger("a");
  (void)section.GetBool("a");
  (void)section.GetDuration("a");
  return 0;
}
