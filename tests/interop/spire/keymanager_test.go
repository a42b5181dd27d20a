package spire

import (
	"fmt"
	"testing"

	agentkeymanager "github.com/spiffe/spire/pkg/agent/plugin/keymanager"
	agentconformance "github.com/spiffe/spire/pkg/agent/plugin/keymanager/test"
	"github.com/spiffe/spire/pkg/server/plugin/keymanager"
	serverconformance "github.com/spiffe/spire/pkg/server/plugin/keymanager/test"

	"rootkeep/tests/interop/spire/host"
	"rootkeep/tests/interop/spire/lab"
)

// SPIRE's own suite of a key manager, as spire-server sees it. Not beside other tests: an RSA key of 4,096 bits takes
// SoftHSM seconds of processor time, and SPIRE waits 30 s.
func TestServerKeyManagerPassesSpiresSuite(t *testing.T) {
	l := lab.New(t)
	agent := l.StartKeyAgent("keys", "suite*", l.NewSoftHSM("keys"))
	instances := 0
	serverconformance.Test(t, serverconformance.Config{Create: func(t *testing.T) keymanager.KeyManager {
		instances++ // the suite wants one without keys each time
		var into keymanager.Repository
		host.Load(t, l.KeyManager(agent, fmt.Sprintf("suite%d", instances)), host.ServerKeyManager(&into))
		return into.GetKeyManager()
	}})
}

// The same through the service for spire-agent.
func TestAgentKeyManagerPassesSpiresSuite(t *testing.T) {
	l := lab.New(t)
	agent := l.StartKeyAgent("keys", "suite*", l.NewSoftHSM("keys"))
	instances := 0
	agentconformance.Test(t, agentconformance.Config{Create: func(t *testing.T) agentkeymanager.KeyManager {
		instances++
		var into agentkeymanager.Repository
		host.Load(t, l.KeyManager(agent, fmt.Sprintf("suite%d", instances)), host.AgentKeyManager(&into))
		return into.GetKeyManager()
	}})
}
