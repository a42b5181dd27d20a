package spire

import (
	"fmt"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// pair is two spire-servers below one root, with their keys in one token.
func pair(l *lab.Lab, root lab.RootFile, database string) (servers [2]*lab.Server) {
	l.Helper()
	keys := l.StartKeyAgent("server-keys", "server-*", l.NewSoftHSM("keys"))
	for i := range servers {
		name := fmt.Sprintf("server-%d", i+1)
		servers[i] = l.StartServer(lab.ServerOptions{Name: name, Database: database,
			UpstreamAuthority: root.UpstreamAuthority(), KeyManager: l.KeyManager(keys, name).Block()})
	}
	return servers
}

func TestPairOnOneDatabase(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	root := l.NewRootFile("root")
	servers := pair(l, root, l.StartPostgres())
	if servers[0].ActiveAuthority().ID == servers[1].ActiveAuthority().ID {
		t.Error("both servers sign with one key")
	}
	for i, server := range servers {
		agent := l.StartAgent(fmt.Sprintf("agent-%d", i+1), server, root.Certificate, lab.MemoryKeyManager)
		// Registered with one, served by either.
		svid, _ := waitForSVID(l, agent, servers[1-i].AddWorkload(fmt.Sprintf("/workload/%d", i)), nil)
		verifies(l, svid, l.Read(root.Certificate))
	}
	servers[0].Stop()
	if _, err := servers[1].TryDo("x509", "mint", "-spiffeID", "spiffe://"+lab.TrustDomain+"/minted"); err != nil {
		t.Errorf("the second server does not go on alone: %v", err)
	}
}
