package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

// Plugin is an external one, with its plugin_data.
type Plugin struct {
	Type     string // what SPIRE calls the kind
	Name     string
	Path     string
	Checksum string // SHA-256 of the program, hex
	Data     string // HCL
}

// KeyManager keeps SPIRE's keys at `agent`, their names beginning with `instance`.
func (l *Lab) KeyManager(agent *KeyAgent, instance string) Plugin {
	l.Helper()
	return l.KeyManagerAt(agent.Socket(), instance)
}

// KeyManagerAt is KeyManager with an agent that may not be there.
func (l *Lab) KeyManagerAt(socket, instance string) Plugin {
	l.Helper()
	return l.plugin("KeyManager", fmt.Sprintf("socket = %q\n instance = %q", socket, instance))
}

// UpstreamAuthority has SPIRE's CAs signed by `ca`.
func (l *Lab) UpstreamAuthority(ca *Rootkeepd) Plugin {
	l.Helper()
	return l.UpstreamAuthorityAt(ca.Socket())
}

// UpstreamAuthorityAt is UpstreamAuthority with a daemon that may not be there.
func (l *Lab) UpstreamAuthorityAt(socket string) Plugin {
	l.Helper()
	return l.plugin("UpstreamAuthority", fmt.Sprintf("socket = %q\n wait_for_daemon = \"10s\"", socket))
}

func (l *Lab) plugin(kind, data string) Plugin {
	l.Helper()
	folder := strings.ToLower(kind)
	plugin := l.External(kind, filepath.Join(l.build, "providers", "spire", folder, "rootkeep-spire-"+folder))
	plugin.Name, plugin.Data = "rootkeep", data
	return plugin
}

// External is the program at `path`, which need not be ours, without plugin_data.
func (l *Lab) External(kind, path string) Plugin {
	l.Helper()
	sum := sha256.Sum256(l.Read(path))
	return Plugin{Type: kind, Name: "external", Path: path, Checksum: hex.EncodeToString(sum[:])}
}

// Block is what goes into SPIRE's configuration.
func (p Plugin) Block() string { return p.block(fmt.Sprintf("plugin_data {\n %s\n }", p.Data)) }

// BlockWithFile is Block with plugin_data in a file, which SPIRE reads again on SIGUSR1.
func (p Plugin) BlockWithFile(path string) string {
	return p.block(fmt.Sprintf("plugin_data_file = %q", path))
}

func (p Plugin) block(data string) string {
	return fmt.Sprintf("  %s %q {\n plugin_cmd = %q\n plugin_checksum = %q\n %s\n }\n", p.Type, p.Name, p.Path, p.Checksum, data)
}
