// Package host loads a plugin as SPIRE does, with SPIRE's own code, but without the rest of SPIRE.
package host

import (
	"github.com/sirupsen/logrus"
	"github.com/sirupsen/logrus/hooks/test"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	agentkeymanager "github.com/spiffe/spire/pkg/agent/plugin/keymanager"
	"github.com/spiffe/spire/pkg/common/catalog"
	"github.com/spiffe/spire/pkg/server/plugin/keymanager"

	"rootkeep/tests/interop/spire/lab"
)

// place is where SPIRE binds a plugin of one kind to.
type place[Facade any] struct {
	kind    string
	bind    func(Facade)
	clear   func()
	version func() catalog.Facade
}

func (p place[Facade]) Plugins() map[string]catalog.PluginRepo {
	return map[string]catalog.PluginRepo{p.kind: p}
}
func (p place[Facade]) Services() []catalog.ServiceRepo  { return nil }
func (p place[Facade]) Constraints() catalog.Constraints { return catalog.ExactlyOne() }
func (p place[Facade]) BuiltIns() []catalog.BuiltIn      { return nil }
func (p place[Facade]) Binder() any                      { return p.bind }
func (p place[Facade]) Versions() []catalog.Version      { return []catalog.Version{p} }
func (p place[Facade]) Clear()                           { p.clear() }
func (p place[Facade]) New() catalog.Facade              { return p.version() }
func (p place[Facade]) Deprecated() bool                 { return false }

// ServerKeyManager is spire-server's place for a key manager.
func ServerKeyManager(into *keymanager.Repository) catalog.Repository {
	return place[keymanager.KeyManager]{"KeyManager", into.SetKeyManager, into.Clear,
		func() catalog.Facade { return new(keymanager.V1) }}
}

// AgentKeyManager is spire-agent's.
func AgentKeyManager(into *agentkeymanager.Repository) catalog.Repository {
	return place[agentkeymanager.KeyManager]{"KeyManager", into.SetKeyManager, into.Clear,
		func() catalog.Facade { return new(agentkeymanager.V1) }}
}

// Config is SPIRE's configuration of this plugin alone. What SPIRE logs is in the hook.
func Config(plugin lab.Plugin) (catalog.Config, *test.Hook) {
	log, hook := test.NewNullLogger()
	log.SetLevel(logrus.DebugLevel)
	return catalog.Config{
		Log:        log,
		CoreConfig: catalog.CoreConfig{TrustDomain: spiffeid.RequireTrustDomainFromString(lab.TrustDomain)},
		PluginConfigs: []catalog.PluginConfig{{
			Type: plugin.Type, Name: "rootkeep", Path: plugin.Path, Checksum: plugin.Checksum,
			DataSource: catalog.FixedData(plugin.Data),
		}},
	}, hook
}
