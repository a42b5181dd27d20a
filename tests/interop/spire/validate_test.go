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
	upstream := l.UpstreamAuthorityAt("/nowhere.sock")
	for name, test := range map[string]struct {
		keys, upstream string // plugin_data
		note           string // empty: it is valid
	}{
		"valid":                               {keys.Data, upstream.Data, ""},
		"key manager without a socket":        {`instance = "server-1"`, upstream.Data, "socket"},
		"unknown key of the key manager":      {keys.Data + "\n colour = 1", upstream.Data, "colour"},
		"upstream authority without a socket": {keys.Data, "", "socket"},
		"unknown key of the upstream":         {keys.Data, upstream.Data + "\n colour = 1", "colour"},
	} {
		keys.Data, upstream.Data = test.keys, test.upstream
		said, err := l.ValidateServer(lab.ServerOptions{KeyManager: keys.Block(), UpstreamAuthority: upstream.Block()})
		if (err == nil) != (test.note == "") || !strings.Contains(said, test.note) {
			t.Errorf("%s: %v: %s", name, err, said)
		}
	}
}
