package main

import (
	"os"
	"path/filepath"

	"rootkeep/tests/interop/spire/lab"
)

// servers differ in nothing but their key manager.
type servers struct {
	ours     *lab.Server // on SoftHSM
	memory   *lab.Server // SPIRE's own
	external *lab.Server // SPIRE's own in a process of its own
}

func startServers(l *lab.Lab) servers {
	l.Helper()
	upstream := l.NewRootFile("root").UpstreamAuthority()
	start := func(name, keyManager string) *lab.Server {
		return l.StartServer(lab.ServerOptions{Name: name, LogLevel: "INFO", UpstreamAuthority: upstream, KeyManager: keyManager})
	}
	return servers{
		ours:     start("ours", ourKeyManager(l, l.NewSoftHSM("keys"))),
		memory:   start("memory", lab.MemoryKeyManager),
		external: start("external", externalKeyManager(l)),
	}
}

func ourKeyManager(l *lab.Lab, token *lab.SoftHSM) string {
	l.Helper()
	return l.KeyManager(l.StartKeyAgent("keys", "bench.*", token), "bench").Block()
}

// externalKeyManager is the program that is built beside this one.
func externalKeyManager(l *lab.Lab) string {
	l.Helper()
	self, err := os.Executable()
	if err != nil {
		l.Fatalf("%v", err)
	}
	return l.External("KeyManager", filepath.Join(filepath.Dir(self), "external")).Block()
}

// compare has the servers measured in turns, `rate` giving each one's.
func (s servers) compare(rounds int, rate func(*lab.Server) float64) result {
	return compare(rounds, func() float64 { return rate(s.ours) },
		side{"memory", func() float64 { return rate(s.memory) }},
		side{"external", func() float64 { return rate(s.external) }})
}
