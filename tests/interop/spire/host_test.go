package spire

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/spiffe/spire/pkg/common/catalog"
	"github.com/spiffe/spire/pkg/server/plugin/keymanager"

	"rootkeep/tests/interop/spire/host"
	"rootkeep/tests/interop/spire/lab"
)

// keyManager is a plugin in front of an agent of its own.
func keyManager(l *lab.Lab) lab.Plugin {
	l.Helper()
	return l.KeyManager(l.StartKeyAgent("keys", "host.*", l.NewSoftHSM("keys")), "host")
}

func TestOnlyTheProgramOfTheChecksumIsRun(t *testing.T) {
	plugin := keyManager(lab.New(t))
	plugin.Checksum = strings.Repeat("0", 64)
	config, _ := host.Config(plugin)
	_, err := catalog.Load(context.Background(), config, host.ServerKeyManager(&keymanager.Repository{}))
	if err == nil || !strings.Contains(err.Error(), "checksums did not match") {
		t.Errorf("got %v", err)
	}
}

func TestAProgramThatMayNotBeRunIsNamed(t *testing.T) {
	plugin := keyManager(lab.New(t))
	program, err := os.ReadFile(plugin.Path)
	if err != nil {
		t.Fatal(err)
	}
	plugin.Path = filepath.Join(t.TempDir(), "not-executable")
	if err := os.WriteFile(plugin.Path, program, 0o600); err != nil {
		t.Fatal(err)
	}
	config, _ := host.Config(plugin)
	_, err = catalog.Load(context.Background(), config, host.ServerKeyManager(&keymanager.Repository{}))
	if err == nil || !strings.Contains(err.Error(), plugin.Path) || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %v", err)
	}
}

// Not beside other tests: their plugins would be children of this process too.
func TestPluginOutlivesSignalsAndEndsWhenItIsUnloaded(t *testing.T) {
	l := lab.New(t)
	plugin := keyManager(l)
	config, hook := host.Config(plugin)
	var into keymanager.Repository
	loaded, err := catalog.Load(context.Background(), config, host.ServerKeyManager(&into))
	if err != nil {
		t.Fatal(err)
	}
	pids := lab.ChildrenOf(os.Getpid(), plugin.Path)
	if len(pids) != 1 {
		t.Fatalf("there are %d plugins", len(pids))
	}
	// Ctrl-C, and what systemd sends, reach all processes, and SPIRE still needs its plugin to shut down. SIGUSR1 has
	// SPIRE read its configuration again.
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2} {
		if err := syscall.Kill(pids[0], signal); err != nil {
			t.Fatal(err)
		}
		if _, err := into.GetKeyManager().GenerateKey(context.Background(), "after", keymanager.ECP256); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
	}
	if err := loaded.Close(); err != nil {
		t.Errorf("the plugin does not end well: %v", err)
	}
	if err := lab.Gone(pids[0]); err != nil {
		t.Error(err)
	}
	for _, entry := range hook.AllEntries() {
		if strings.Contains(entry.Message, "failed to exit gracefully") {
			t.Error("SPIRE had to kill the plugin")
		}
	}
}
