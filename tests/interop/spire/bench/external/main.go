// Command external is SPIRE's own "memory" key manager as an external plugin: the same code and the same key in memory, and
// between it and spire-server what SPIRE's plugin SDK puts there.
package main

import (
	"github.com/spiffe/spire-plugin-sdk/pluginmain"
	keymanagerv1 "github.com/spiffe/spire-plugin-sdk/proto/spire/plugin/server/keymanager/v1"
	keymanagerbase "github.com/spiffe/spire/pkg/server/plugin/keymanager/base"
)

func main() {
	pluginmain.Serve(keymanagerv1.KeyManagerPluginServer(keymanagerbase.New(keymanagerbase.Config{})))
}
