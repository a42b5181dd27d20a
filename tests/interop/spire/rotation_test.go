package spire

import (
	"encoding/hex"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

// rotating is a domain with a second root that is in the bundle and signs nothing yet, and an Envoy that has been pushed
// that root.
type rotating struct {
	*domain
	proxy       *envoy
	first, next string // subject key identifiers of the roots, hex
	nextRoot    []byte // PEM
}

func newRotating(t *testing.T, initOptions ...string) *rotating {
	t.Helper()
	d := newDomain(t, lab.ServerOptions{}, initOptions...)
	d.addWorkload()
	r := &rotating{domain: d, proxy: connect(t, d.Lab, d.agent)}
	r.proxy.waitFor("a certificate under the first root", func() bool { return r.proxy.endsIn(d.root) })
	r.nextRoot = d.ca.AddAuthority("next")
	r.first, r.next = subjectKey(d.root), subjectKey(r.nextRoot)
	r.proxy.isPushed("both roots", func() bool { return len(r.proxy.roots) == 2 })
	return r
}

func subjectKey(root []byte) string { return hex.EncodeToString(certificates(root)[0].SubjectKeyId) }

// activate has everything signed below the next root, once rootkeepd has loaded it.
func (r *rotating) activate() {
	r.Helper()
	r.Eventually(lab.Patience, "the next root is activated", func() error {
		_, err := r.ca.Administer("root", "activate", r.next)
		return err
	})
}

// moves waits for a certificate under the next root after the taint of the first. That may take one new stream, for
// the time that the agent has none for the workload.
func (r *rotating) moves() {
	r.Helper()
	r.proxy.waitOver("a certificate under the next root", 1, func() bool { return r.proxy.endsIn(r.nextRoot) })
}

// isReplaced is whether Envoy trusts the next root and nothing else.
func (r *rotating) isReplaced() bool {
	return len(r.proxy.roots) == 1 && r.proxy.roots[0].Equal(certificates(r.nextRoot)[0])
}

// What is changed at Rootkeep reaches every workload, with nothing said to SPIRE.
func TestForcedRotationByRootkeep(t *testing.T) {
	t.Parallel()
	r := newRotating(t)
	r.activate()
	if _, err := r.ca.Administer("root", "taint", r.first); err != nil {
		t.Fatal(err)
	}
	r.moves()
	if _, err := r.ca.Administer("root", "remove", r.first); err == nil {
		t.Fatal("a root goes although a CA below it has not expired")
	}
	if _, err := r.ca.Administer("root", "remove", r.first, "--force", "--reason", "SPIRE has replaced all below it"); err != nil {
		t.Fatal(err)
	}
	r.proxy.isPushed("the next root alone", r.isReplaced)
	r.root = r.nextRoot
	r.works()
}

// SPIRE's own administrators may do it too, once what is signed is signed below the next root; but SPIRE has to see that
// root in its CA's AuthorityKeyIdentifier, so only where the root itself signs.
func TestForcedRotationBySpiresCommandLine(t *testing.T) {
	t.Parallel()
	r := newRotating(t, "--self-signed")
	// Which is 5 s after its start: what SPIRE is told then takes back what its own command line has said of a root.
	r.server.WaitToSay(localBundle, 0)
	if before := r.server.ActiveAuthority(); before.Upstream != r.first {
		t.Fatalf("the server's CA hangs below %s, the root is %s", before.Upstream, r.first)
	}
	r.activate()
	if after := r.server.RotateAuthority(); after.Upstream != r.next {
		t.Fatalf("the server's next CA hangs below %s, the next root is %s", after.Upstream, r.next)
	}
	r.server.Do("upstreamauthority", "taint", "-subjectKeyID", r.first)
	r.moves()
	r.server.Do("upstreamauthority", "revoke", "-subjectKeyID", r.first)
	r.proxy.isPushed("the next root alone", r.isReplaced)
}
