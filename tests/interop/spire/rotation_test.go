package spire

import (
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// An Envoy gets a certificate under the next root, and then the roots without the first, on the stream that it has open.
func TestForcedRotationIsPushed(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	rootFile := l.NewRootFile("root")
	keys := l.StartKeyAgent("server-keys", serverInstance+".*", l.NewSoftHSM("keys"))
	server := l.StartServer(lab.ServerOptions{UpstreamAuthority: rootFile.UpstreamAuthority(),
		KeyManager: l.KeyManager(keys, serverInstance).Block()})
	d := &domain{Lab: l, server: server, root: l.Read(rootFile.Certificate)}
	d.agent = l.StartAgent("agent", server, rootFile.Certificate, lab.MemoryKeyManager)
	waitForSVID(d.Lab, d.agent, d.addWorkload(), nil) // before, the agent ends an SDS stream
	proxy := connect(t, d.Lab, d.agent)
	proxy.waitFor("a certificate under the first root", func() bool { return proxy.endsIn(d.root) })
	first := d.server.ActiveAuthority()
	d.NewRootFile("root")
	next := d.Read(rootFile.Certificate)
	if second := d.server.RotateAuthority(); second.Upstream == first.Upstream {
		t.Fatal("the server's next CA hangs below the first root")
	}
	d.server.Do("upstreamauthority", "taint", "-subjectKeyID", first.Upstream)
	proxy.waitFor("a certificate under the next root", func() bool { return proxy.endsIn(next) })
	d.server.Do("upstreamauthority", "revoke", "-subjectKeyID", first.Upstream)
	proxy.waitFor("the next root alone", func() bool { return encode(proxy.roots...) == string(next) })
}
