package spire

import (
	"encoding/json"
	"fmt"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// pair is two spire-servers below one root, with their keys in one token.
func pair(l *lab.Lab, database [2]string) (ca *lab.Rootkeepd, servers [2]*lab.Server) {
	l.Helper()
	ca = l.StartRootkeepd(l.NewSoftHSM("ca"))
	keys := l.StartKeyAgent("server-keys", "server-*", l.NewSoftHSM("keys"))
	for i := range servers {
		name := fmt.Sprintf("server-%d", i+1)
		servers[i] = l.StartServer(lab.ServerOptions{Name: name, Database: database[i], UpstreamAuthority: l.UpstreamAuthority(ca).Block(),
			KeyManager: l.KeyManager(keys, name).Block()})
	}
	return ca, servers
}

func TestPairOnOneDatabase(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	database := l.StartPostgres()
	ca, servers := pair(l, [2]string{database, database})
	root := l.Read(ca.Root())
	if servers[0].ActiveAuthority().ID == servers[1].ActiveAuthority().ID {
		t.Error("both servers sign with one key")
	}
	for i, server := range servers {
		agent := l.StartAgent(fmt.Sprintf("agent-%d", i+1), server, ca.Root(), lab.MemoryKeyManager)
		// Registered with one, served by either.
		svid, _ := waitForSVID(l, agent, servers[1-i].AddWorkload(fmt.Sprintf("/workload/%d", i)), nil)
		verifies(l, svid, root)
	}
	servers[0].Stop()
	if _, err := servers[1].TryDo("x509", "mint", "-spiffeID", "spiffe://"+lab.TrustDomain+"/minted"); err != nil {
		t.Errorf("the second server does not go on alone: %v", err)
	}
}

// Without a common database only the upstream authority can tell one server of the other's keys.
func TestKeysOfOneServerReachTheOther(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	_, servers := pair(l, [2]string{})
	l.Eventually(lab.Patience, "both servers have the keys of both", func() error {
		first, second := jwtKeys(servers[0]), jwtKeys(servers[1])
		if len(first) != 2 || fmt.Sprint(first) != fmt.Sprint(second) {
			return fmt.Errorf("they have %v and %v", first, second)
		}
		return nil
	})
}

// jwtKeys is what the server's bundle has for JWTs, id by public key.
func jwtKeys(server *lab.Server) map[string]string {
	var bundle struct {
		Keys []struct{ Use, Kid, X, Y string }
	}
	if err := json.Unmarshal([]byte(server.Do("bundle", "show", "-format", "spiffe")), &bundle); err != nil {
		return nil
	}
	keys := make(map[string]string)
	for _, key := range bundle.Keys {
		if key.Use == "jwt-svid" {
			keys[key.Kid] = key.X + key.Y
		}
	}
	return keys
}
