package spire

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	svidv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/svid/v1"

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
	ca, servers := pair(l, [2]string{database.DataStore(), database.DataStore()})
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

// Two servers go on signing without their database, and come back to it by themselves and to the CAs that they had.
func TestDatabaseMayRestart(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	database := l.StartPostgres()
	_, servers := pair(l, [2]string{database.DataStore(), database.DataStore()})
	for _, server := range servers {
		server.WaitToSay(localBundle, 0) // spire-server ends if it cannot note what it is told then
	}
	before := [2]lab.LocalAuthority{servers[0].ActiveAuthority(), servers[1].ActiveAuthority()}
	request := &svidv1.MintX509SVIDRequest{Csr: svidRequest(t)}
	database.Stop()
	for _, server := range servers {
		if _, err := server.PrepareAuthority(); err == nil || !strings.Contains(err.Error(), "datastore-sql: ") {
			t.Errorf("a CA is prepared although there is no database that it could be noted in: %v", err)
		}
		if _, err := svidv1.NewSVIDClient(server.Dial()).MintX509SVID(context.Background(), request); err != nil {
			t.Errorf("no SVID is signed without the database: %v", err)
		}
	}
	database.Start()
	for i, server := range servers {
		l.Eventually(lab.Patience, "a CA is prepared", func() error {
			_, err := server.PrepareAuthority()
			return err
		})
		if after := server.ActiveAuthority(); after != before[i] {
			t.Errorf("server %d signs with %v after the restart, and with %v before", i+1, after, before[i])
		}
		next := server.RotateAuthority()
		server.Stop()
		server.Start() // and finds what was noted since
		if now := server.ActiveAuthority(); now != next {
			t.Errorf("server %d, restarted, signs with %v, and with %v before", i+1, now, next)
		}
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
