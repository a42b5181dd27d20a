package host

import (
	"context"

	"github.com/spiffe/spire/pkg/common/catalog"

	"rootkeep/tests/interop/spire/lab"
)

// Load gives the running plugin's catalogue; the plugin ends with the test.
func Load(t lab.T, plugin lab.Plugin, into catalog.Repository) *catalog.Catalog {
	t.Helper()
	config, hook := Config(plugin)
	loaded, err := catalog.Load(context.Background(), config, into)
	if err != nil {
		t.Fatalf("SPIRE does not load the plugin: %v; it logged %v", err, hook.LastEntry())
	}
	t.Cleanup(func() {
		if err := loaded.Close(); err != nil {
			t.Fatalf("the plugin does not end well: %v", err)
		}
	})
	return loaded
}
