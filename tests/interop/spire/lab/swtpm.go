package lab

import "net"

// SwTPM is a TPM simulator: software, for tests.
type SwTPM struct {
	*Process
	socket string
}

// StartSwTPM starts one that has never been used.
func (l *Lab) StartSwTPM() *SwTPM {
	l.Helper()
	state, socket := l.Directory("swtpm"), l.Path("swtpm.sock")
	s := &SwTPM{socket: socket}
	// libtss2's TCTI takes the control socket at this name.
	s.Process = l.Start("swtpm", nil, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+state,
		"--server", "type=unixio,path="+socket, "--ctrl", "type=unixio,path="+socket+".ctrl",
		"--flags", "not-need-init,startup-clear")
	s.WaitUntil(func() error {
		connection, err := net.Dial("unix", socket+".ctrl")
		if err != nil {
			return err
		}
		return connection.Close()
	})
	return s
}

// config is the part of the agent's configuration that names the TPM.
func (s *SwTPM) config() string {
	return `tpms: [{name: tpm, tcti: "swtpm:path=` + s.socket + `"}]
`
}
