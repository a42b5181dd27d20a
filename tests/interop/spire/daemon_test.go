package spire

import (
	"errors"
	"strings"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// What the upstream authority says of itself in spire-server's log.
const (
	localBundle = "spire.local_bundle_subscribed"
	daemonLost  = "spire.daemon_lost"
	minted      = "spire.minted"
)

// spire-server's first start waits for its daemon: a machine starts both at once.
func TestServerStartsBeforeItsDaemon(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	ca := l.NewRootkeepd(l.NewSoftHSM("ca"))
	keys := l.StartKeyAgent("server-keys", serverInstance+".*", l.NewSoftHSM("keys"))
	server := l.BeginServer(lab.ServerOptions{UpstreamAuthority: l.UpstreamAuthority(ca).Block(),
		KeyManager: l.KeyManager(keys, serverInstance).Block()})
	server.WaitToSay(daemonLost, 0)
	server.WaitToSay("Preparing X509 CA", 0) // from here on it is the plugin that waits
	ca.Start()
	server.WaitToServe()
	if got := server.Do("bundle", "show"); strings.TrimSpace(got) != strings.TrimSpace(string(l.Read(ca.Root()))) {
		t.Errorf("spire-server's bundle is not the root alone:\n%s", got)
	}
}

// A restarted server with its keys asks for no certificate, so that no stream of one can tell it of a taint.
func TestRootIsTaintedAfterARestartOfTheServer(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	r.activate()
	said, before := len(r.server.Said()), r.server.ActiveAuthority()
	restartServer(r.domain)
	r.server.WaitToSay(localBundle, said)
	if strings.Contains(r.server.SaidSince(said), minted) {
		t.Fatal("the server has asked for a certificate since its restart")
	}
	if _, err := r.ca.Administer("root", "taint", r.first); err != nil {
		t.Fatal(err)
	}
	r.moves()
	if after := r.server.ActiveAuthority(); after.ID == before.ID {
		t.Errorf("the server still signs with %v", after)
	}
	r.root = r.nextRoot
	r.works()
}

// The streams to SPIRE stay open while rootkeepd is away, and bring what it says after its return.
func TestRootIsAddedAfterARestartOfTheDaemon(t *testing.T) {
	t.Parallel()
	d := newDomain(t, lab.ServerOptions{})
	d.server.WaitToSay(localBundle, 0)
	said := len(d.server.Said())
	d.ca.Stop()
	d.server.WaitToSay(daemonLost, said)
	d.ca.Start()
	d.addsRoot("next")
	// The server asks for a stream by one of these.
	for _, words := range []string{localBundle, minted} {
		if strings.Contains(d.server.SaidSince(said), words) {
			t.Errorf("not the stream that was open: %s", words)
		}
	}
}

// addsRoot requires that a new root at rootkeepd gets into the server's bundle.
func (d *domain) addsRoot(name string) {
	d.Helper()
	root := d.ca.AddAuthority(name)
	d.Eventually(lab.Patience, "the server's bundle has the root "+name, func() error {
		for _, one := range certificates([]byte(d.server.Do("bundle", "show"))) {
			if one.Equal(certificates(root)[0]) {
				return nil
			}
		}
		return errors.New("it has not")
	})
}
