package lab

import (
	"net"
	"strings"
)

// KeyAgent is a rootkeep-agent with one socket for a SPIRE key manager.
type KeyAgent struct {
	lab    *Lab
	name   string
	socket string
	config string
	*Process
}

// StartKeyAgent serves the keys that match `names`; `device` is the SoftHSM or SwTPM that has them. The
// name tells several in one lab apart.
func (l *Lab) StartKeyAgent(name, names string, device interface{ config() string }) *KeyAgent {
	l.Helper()
	a := &KeyAgent{lab: l, name: name, socket: l.Path(name + ".sock")}
	config := `version: 1
state_directory: ` + l.Directory(name+"-state") + `
` + device.config() + `sockets:
  - name: spire
    path: ` + a.Socket() + `
    grants: [{keys: [{use: foreign-ca, name: "` + names + `"}], may_create: true}]
log: {level: debug}
`
	a.config = l.Write(name+".yaml", config)
	a.Start()
	return a
}

// Socket is what a key manager's configuration names.
func (a *KeyAgent) Socket() string { return a.socket }

// Move gives an agent that was stopped another socket.
func (a *KeyAgent) Move(socket string) {
	a.lab.Helper()
	config := strings.Replace(string(a.lab.Read(a.config)), a.socket, a.lab.Path(socket), 1)
	a.socket = a.lab.Path(socket)
	a.lab.Write(a.name+".yaml", config)
}

// Start is for an agent that was stopped.
func (a *KeyAgent) Start() {
	a.lab.Helper()
	a.Process = a.lab.Start(a.name, nil, a.lab.Tool("rootkeep-agent"), "--config", a.config)
	a.WaitUntil(func() error {
		connection, err := net.Dial("unixpacket", a.Socket())
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

// Keys is what `rootkeep key list` says of the device.
func (a *KeyAgent) Keys(arguments ...string) string {
	a.lab.Helper()
	return strings.TrimSpace(string(a.lab.Run(nil, a.lab.Tool("rootkeep"), append([]string{"key", "list"}, arguments...)...)))
}
