package spire

import (
	"fmt"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

const (
	serverInstance = "server-1"
	nodeInstance   = "node-1"
)

// domain is a trust domain whose root and whose server's keys are in SoftHSM tokens, and the node's keys in a TPM.
type domain struct {
	*lab.Lab
	caToken, keyToken    *lab.SoftHSM
	ca                   *lab.Rootkeepd
	nodeTPM              *lab.SwTPM
	serverKeys, nodeKeys *lab.KeyAgent
	server               *lab.Server
	agent                *lab.Agent
	root                 []byte // PEM
	workloads            int
}

func newDomain(t *testing.T, options lab.ServerOptions, initOptions ...string) *domain {
	t.Helper()
	l := lab.New(t)
	d := &domain{Lab: l, caToken: l.NewSoftHSM("ca"), keyToken: l.NewSoftHSM("keys"), nodeTPM: l.StartSwTPM()}
	d.ca = l.StartRootkeepd(d.caToken, initOptions...)
	d.root = l.Read(d.ca.Root())
	d.serverKeys = l.StartKeyAgent("server-keys", serverInstance+".*", d.keyToken)
	d.nodeKeys = l.StartKeyAgent("node-keys", nodeInstance+".*", d.nodeTPM)
	options.KeyManager = l.KeyManager(d.serverKeys, serverInstance).Block()
	options.UpstreamAuthority = l.UpstreamAuthority(d.ca).Block()
	d.server = l.StartServer(options)
	d.agent = l.StartAgent("agent", d.server, d.ca.Root(), l.KeyManager(d.nodeKeys, nodeInstance).Block())
	return d
}

// addWorkload registers this process under one more SPIFFE ID.
func (d *domain) addWorkload() string {
	d.Helper()
	d.workloads++
	return d.server.AddWorkload(fmt.Sprintf("/workload/%d", d.workloads))
}

// works requires that a workload new to all gets an SVID that ends in the root.
func (d *domain) works() {
	d.Helper()
	svid, _ := waitForSVID(d.Lab, d.agent, d.addWorkload(), nil)
	verifies(d.Lab, svid, d.root)
}
