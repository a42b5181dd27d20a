package spire

import (
	"strings"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

func TestWorkloadsChainEndsInTheRootInTheToken(t *testing.T) {
	t.Parallel()
	d := newDomain(t, lab.ServerOptions{})
	svid, roots := waitForSVID(d.Lab, d.agent, d.addWorkload(), nil)
	verifies(d.Lab, svid, d.root)
	if got := encode(roots...); got != string(d.root) {
		t.Errorf("the workload is given other roots:\n%s", got)
	}
	if got := d.server.Do("bundle", "show"); strings.TrimSpace(got) != strings.TrimSpace(string(d.root)) {
		t.Errorf("spire-server's bundle is not the root alone:\n%s", got)
	}
	// The check must be able to fail: under another root the same chain is not good.
	other := lab.New(t)
	if opensslVerifies(d.Lab, svid.Certificates, other.Read(other.StartRootkeepd(other.NewSoftHSM("other")).Root())) == nil {
		t.Error("openssl takes the chain under a root that has nothing to do with it")
	}
}
