package main

import "rootkeep/tests/interop/spire/lab"

// servers are two that differ in nothing but their key manager: ours on SoftHSM, and SPIRE's own in memory.
func servers(l *lab.Lab) (ours, memory *lab.Server) {
	l.Helper()
	upstream := l.NewRootFile("root").UpstreamAuthority()
	options := lab.ServerOptions{Name: "memory", LogLevel: "INFO", UpstreamAuthority: upstream, KeyManager: lab.MemoryKeyManager}
	memory = l.StartServer(options)
	options.Name, options.KeyManager = "ours", ourKeyManager(l, l.NewSoftHSM("keys"))
	ours = l.StartServer(options)
	return ours, memory
}

func ourKeyManager(l *lab.Lab, token *lab.SoftHSM) string {
	l.Helper()
	return l.KeyManager(l.StartKeyAgent("keys", "bench.*", token), "bench").Block()
}
