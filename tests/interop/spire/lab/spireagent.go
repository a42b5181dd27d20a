package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Node is the SPIFFE ID that the agent's entries hang below.
const Node = "spiffe://" + TrustDomain + "/node"

var joinToken = regexp.MustCompile(`Token: (\S+)`)

// Agent is a spire-agent that has joined by a token; workloads find it at Socket.
type Agent struct {
	lab    *Lab
	name   string
	config string
	*Process
}

// StartAgent joins `server`, whose certificate must chain to the roots in the PEM file `roots`.
func (l *Lab) StartAgent(name string, server *Server, roots, keyManager string) *Agent {
	l.Helper()
	a := &Agent{lab: l, name: name}
	data := l.Directory(name)
	a.config = l.Write(name+".conf", fmt.Sprintf(`agent {
  data_dir = %q
  server_address = "127.0.0.1"
  server_port = "%d"
  socket_path = %q
  trust_domain = %q
  trust_bundle_path = %q
  log_level = "DEBUG"
  experimental { sync_interval = "1s" }
}
plugins {
  NodeAttestor "join_token" { plugin_data {} }
  WorkloadAttestor "unix" { plugin_data {} }
%s}
`, data, server.Port, a.Socket(), TrustDomain, roots, keyManager))
	token := joinToken.FindStringSubmatch(server.Do("token", "generate", "-spiffeID", Node))
	if token == nil {
		l.Fatalf("spire-server gave no join token")
	}
	a.start("-joinToken", token[1])
	return a
}

// Socket is that of the Workload API and of Envoy's SDS.
func (a *Agent) Socket() string { return a.lab.Path(a.name + ".sock") }

// Start is for an agent that was stopped. It has no join token then: what it was given before has to do.
func (a *Agent) Start() {
	a.lab.Helper()
	a.start()
}

func (a *Agent) start(more ...string) {
	a.lab.Helper()
	arguments := append([]string{"run", "-config", a.config}, more...)
	a.Process = a.lab.Start(a.name, nil, filepath.Join(a.lab.spire, "spire-agent"), arguments...)
	a.WaitUntil(func() error { return serving(a.Socket()) })
}

// AddWorkload registers this process as the workload `path` on the agent's node, and gives its SPIFFE ID.
func (s *Server) AddWorkload(path string, more ...string) string {
	s.lab.Helper()
	id := "spiffe://" + TrustDomain + path
	arguments := []string{"entry", "create", "-parentID", Node, "-spiffeID", id, "-selector", fmt.Sprintf("unix:uid:%d", os.Getuid())}
	s.Do(append(arguments, more...)...)
	return id
}
