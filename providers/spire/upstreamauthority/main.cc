// rootkeep-spire-upstreamauthority: a SPIRE server's CA gets its certificates from rootkeepd. See providers/README.md.
#include "providers/spire/plugin/serve.h"
#include "providers/spire/upstreamauthority/service.h"

int main() {
  // Not destroyed: a call that hangs at the end still uses it.
  static auto& plugin = *new rootkeep::spire::UpstreamAuthorityService;
  return rootkeep::spire::Serve(
      {.type = "UpstreamAuthority",
       .services = {{.name = rootkeep::spire::upstreamauthority::UpstreamAuthority::service_full_name(),
                     .service = &plugin}},
       .configurable = &plugin,
       .deinit = [] { plugin.Deinit(); }});
}
