package spire

import (
	"fmt"
	"syscall"
	"testing"

	"rootkeep/tests/interop/spire/lab"
)

const (
	upstreamFile = "upstreamauthority.data"
	keysFile     = "keymanager.data"
)

// spire-server reads plugin_data_file again on SIGUSR1, and its plugins then do as it says.
func TestPluginDataIsReadAgain(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	d := &domain{Lab: l, ca: l.StartRootkeepd(l.NewSoftHSM("ca")),
		serverKeys: l.StartKeyAgent("server-keys", serverInstance+".*", l.NewSoftHSM("keys"))}
	there, keyManager := l.UpstreamAuthority(d.ca), l.KeyManager(d.serverKeys, serverInstance)
	d.server = l.StartServer(lab.ServerOptions{
		UpstreamAuthority: there.BlockWithFile(l.Write(upstreamFile, there.Data)),
		KeyManager:        keyManager.BlockWithFile(l.Write(keysFile, keyManager.Data)),
	})

	d.reload(upstreamFile, fmt.Sprintf("socket = %q\n wait_for_daemon = \"1s\"", l.Path("nowhere.sock")))
	d.outage("a CA is signed", upstream, d.prepare)
	d.reload(upstreamFile, there.Data)
	d.prepares()
	d.addsRoot("next") // the streams that are open have it from the daemon that is asked now

	d.reloadTo("Failed to reconfigure plugin", upstreamFile, there.Data+"\n colour = 1")
	d.prepares()

	signer := d.server.ActiveAuthority()
	d.serverKeys.Stop()
	d.serverKeys.Move("moved.sock")
	d.serverKeys.Start()
	d.outage("an SVID is signed", keys, d.mint)
	d.reload(keysFile, fmt.Sprintf(`{"socket": %q, "instance": %q}`, d.serverKeys.Socket(), serverInstance))
	if err := d.mint(); err != nil {
		t.Errorf("no SVID is signed with the keys at another socket: %v", err)
	}
	if now := d.server.ActiveAuthority(); now != signer {
		t.Errorf("the server signs with %v, and with %v before", now, signer)
	}
}

// reload writes a plugin_data_file and has SPIRE take it.
func (d *domain) reload(file, data string) {
	d.Helper()
	d.reloadTo("Plugin reconfigured", file, data)
}

// reloadTo is reload after which SPIRE says this.
func (d *domain) reloadTo(outcome, file, data string) {
	d.Helper()
	said := len(d.server.Said())
	d.Write(file, data)
	if err := syscall.Kill(d.server.Pid(), syscall.SIGUSR1); err != nil {
		d.Fatalf("spire-server is not told: %v", err)
	}
	d.server.WaitToSay(outcome, said)
}

func (d *domain) prepares() {
	d.Helper()
	if err := d.prepare(); err != nil {
		d.Fatalf("no CA is signed: %v", err)
	}
}
