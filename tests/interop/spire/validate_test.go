package spire

import (
	"strings"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// `spire-server validate` asks the plugins, while no daemon of ours runs.
func TestConfigurationIsValidated(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	keys := l.KeyManagerAt("/nowhere.sock", serverInstance)
	root := l.NewRootFile("root").UpstreamAuthority()
	for name, test := range map[string]struct {
		keys string // plugin_data
		note string // empty: it is valid
	}{
		"valid":                          {keys.Data, ""},
		"key manager without a socket":   {`instance = "server-1"`, "socket"},
		"unknown key of the key manager": {keys.Data + "\n colour = 1", "colour"},
	} {
		keys.Data = test.keys
		said, err := l.ValidateServer(lab.ServerOptions{KeyManager: keys.Block(), UpstreamAuthority: root})
		if (err == nil) != (test.note == "") || !strings.Contains(said, test.note) {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}
