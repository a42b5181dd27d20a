package spire

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rootkeep/tests/interop/spire/lab"
)

// failFast is more than the plugins' own deadline of 10 s.
const failFast = 15 * time.Second

// What SPIRE calls its plugins in front of their errors.
const (
	upstream = "upstreamauthority"
	keys     = "keymanager"
)

// outage requires that `ask` fails soon while something is away, because `plugin` (as SPIRE names it) says UNAVAILABLE.
func (d *domain) outage(what, plugin string, ask func() error) {
	d.Helper()
	before, said := time.Now(), len(d.server.Said())
	err := ask()
	if err == nil {
		d.Fatalf("%s although something is away that it needs", what)
	}
	if took := time.Since(before); took > failFast {
		d.Fatalf("%s: failed only after %v", what, took)
	}
	// The API's answer is INTERNAL whatever the plugin's was. That is in its text or only in the log.
	wanted := unavailable(plugin)
	if log := d.server.SaidSince(said); !strings.Contains(err.Error(), wanted) && !strings.Contains(log, wanted) {
		d.Fatalf("%s: UNAVAILABLE is not what the plugin answered: %v; log:\n%s", what, err, log)
	}
}

// unavailable is how SPIRE says that the plugin did.
func unavailable(plugin string) string {
	return fmt.Sprintf("rpc error: code = Unavailable desc = %s(rootkeep): ", plugin)
}

// mint has the server sign with its CA key, which needs the agent and the token that have that key.
func (d *domain) mint() error {
	_, err := d.server.TryDo("x509", "mint", "-spiffeID", "spiffe://"+lab.TrustDomain+"/minted")
	return err
}

// prepare has the server make a key and get a CA certificate for it, which needs rootkeepd and its token too.
func (d *domain) prepare() error {
	_, err := d.server.PrepareAuthority()
	return err
}

// returns requires that `ask` succeeds again by itself.
func (d *domain) returns(what string, ask func() error) {
	d.Helper()
	d.Eventually(lab.Patience, what, ask)
	d.works()
}

// Each part goes away and comes back while the others stay.
func TestEveryPartMayRestart(t *testing.T) {
	t.Parallel()
	d := newDomain(t, lab.ServerOptions{})
	d.works()
	for _, scene := range []struct {
		part string
		run  func(d *domain)
	}{
		{"rootkeepd", restartRootkeepd},
		{"token of rootkeepd", pullTokenOfRootkeepd},
		{"rootkeep-agent", restartKeyAgent},
		{"token of rootkeep-agent", pullTokenOfKeyAgent},
		{"spire-server", restartServer},
		{"spire-server, killed", killServer},
		{"spire-agent", restartAgent},
		{"rootkeep-agent of the node", restartKeyAgentOfNode},
		{"TPM of the node", restartTPMOfNode},
	} {
		t.Log(scene.part)
		scene.run(d)
	}
}

func restartRootkeepd(d *domain) {
	d.ca.Stop()
	d.outage("a CA is signed", upstream, d.prepare)
	d.works() // what is signed already goes on
	d.ca.Start()
	d.returns("a CA is signed", d.prepare)
}

func pullTokenOfRootkeepd(d *domain) {
	d.caToken.TakeAway()
	d.outage("a CA is signed", upstream, d.prepare)
	d.works()
	d.caToken.GiveBack()
	d.returns("a CA is signed", d.prepare)
}

func restartKeyAgent(d *domain) {
	d.serverKeys.Stop()
	d.outage("an SVID is signed", keys, d.mint)
	d.serverKeys.Start()
	d.returns("an SVID is signed", d.mint)
}

func pullTokenOfKeyAgent(d *domain) {
	d.keyToken.TakeAway()
	d.outage("an SVID is signed", keys, d.mint)
	d.keyToken.GiveBack()
	d.returns("an SVID is signed", d.mint)
}

func restartServer(d *domain) {
	before := d.server.ActiveAuthority()
	d.server.Stop()
	d.server.Start()
	d.keepsAuthority(before)
}

func killServer(d *domain) {
	before, plugins := d.server.ActiveAuthority(), d.plugins()
	d.server.Kill()
	for _, pid := range plugins {
		d.Eventually(lab.Patience, "a plugin ends with its server", func() error { return lab.Gone(pid) })
	}
	d.server.Start()
	d.keepsAuthority(before)
}

func restartAgent(d *domain) {
	d.agent.Stop()
	d.agent.Start() // without a join token: the key in the TPM has to do
	d.works()
}

func restartKeyAgentOfNode(d *domain) {
	d.nodeKeys.Stop()
	d.nodeKeys.Start()
	d.server.Stop() // so that spire-agent has to show its key again
	d.server.Start()
	d.works()
}

func restartTPMOfNode(d *domain) {
	d.nodeTPM.Stop()
	said := len(d.agent.Said())
	d.server.Stop() // so that spire-agent has to show its key again
	d.server.Start()
	d.agent.WaitToSay(unavailable(keys), said)
	d.nodeTPM.Start()
	d.works()
}

// keepsAuthority requires that a server which came back found its keys, and did not ask for a new CA.
func (d *domain) keepsAuthority(before lab.LocalAuthority) {
	d.Helper()
	if after := d.server.ActiveAuthority(); after != before {
		d.Fatalf("the server signs with %v after the restart, and with %v before", after, before)
	}
	d.works()
}

// plugins gives the process ids of the server's plugins.
func (d *domain) plugins() []int {
	d.Helper()
	found := append(lab.ChildrenOf(d.server.Pid(), d.KeyManager(d.serverKeys, serverInstance).Path),
		lab.ChildrenOf(d.server.Pid(), d.UpstreamAuthority(d.ca).Path)...)
	if len(found) != 2 {
		d.Fatalf("the server has %d plugins", len(found))
	}
	return found
}
