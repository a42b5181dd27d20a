package lab

import "net"

// SwTPM is a TPM simulator: software, for tests.
type SwTPM struct {
	lab    *Lab
	socket string
	*Process
}

// StartSwTPM starts one that has never been used.
func (l *Lab) StartSwTPM() *SwTPM {
	l.Helper()
	s := &SwTPM{lab: l, socket: l.Path("swtpm.sock")}
	s.Start()
	return s
}

// Start is for one that was stopped: as a TPM after a reset, it has what it stored, and nothing else.
func (s *SwTPM) Start() {
	s.lab.Helper()
	// libtss2's TCTI takes the control socket at this name.
	s.Process = s.lab.Start("swtpm", nil, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+s.lab.Directory("swtpm"),
		"--server", "type=unixio,path="+s.socket, "--ctrl", "type=unixio,path="+s.socket+".ctrl",
		"--flags", "not-need-init,startup-clear")
	s.WaitUntil(func() error {
		connection, err := net.Dial("unix", s.socket+".ctrl")
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

// config is the part of the agent's configuration that names the TPM.
func (s *SwTPM) config() string {
	return `tpms: [{name: tpm, tcti: "swtpm:path=` + s.socket + `"}]
`
}
