package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// ServerOptions of a spire-server; the plugins are whole blocks of its configuration.
type ServerOptions struct {
	Name              string // default "server"
	CaTTL             string // default 24h
	LogLevel          string // default DEBUG
	KeyManager        string
	UpstreamAuthority string
	Database          string // default a SQLite file of its own
}

// Server is a spire-server.
type Server struct {
	lab    *Lab
	name   string
	config string
	Port   int // of its TLS listener, on 127.0.0.1
	*Process
}

// StartServer waits until the server serves.
func (l *Lab) StartServer(options ServerOptions) *Server {
	l.Helper()
	s := l.BeginServer(options)
	s.WaitToServe()
	return s
}

// BeginServer is StartServer for one that something is missing for: it waits for nothing.
func (l *Lab) BeginServer(options ServerOptions) *Server {
	l.Helper()
	s := l.newServer(options)
	s.begin()
	return s
}

// ValidateServer is `spire-server validate` of what StartServer would run. What it says is given also when it fails.
func (l *Lab) ValidateServer(options ServerOptions) (string, error) {
	l.Helper()
	printed, err := l.Try(nil, filepath.Join(l.spire, "spire-server"), "validate", "-config", l.newServer(options).config)
	if err != nil {
		return err.Error(), err
	}
	return string(printed), nil
}

func (l *Lab) newServer(options ServerOptions) *Server {
	l.Helper()
	options.Name = cmp.Or(options.Name, "server")
	options.CaTTL = cmp.Or(options.CaTTL, "24h")
	options.LogLevel = cmp.Or(options.LogLevel, "DEBUG")
	data := l.Directory(options.Name)
	if options.Database == "" {
		options.Database = fmt.Sprintf("database_type = \"sqlite3\"\n connection_string = %q", filepath.Join(data, "db.sqlite3"))
	}
	s := &Server{lab: l, name: options.Name, Port: l.FreePort()}
	s.config = l.Write(options.Name+".conf", fmt.Sprintf(`server {
  bind_address = "127.0.0.1"
  bind_port = "%d"
  trust_domain = %q
  data_dir = %q
  socket_path = %q
  log_level = %q
  ca_ttl = %q
  ratelimit { attestation = false signing = false }
  experimental { cache_reload_interval = "1s" }
}
plugins {
  DataStore "sql" { plugin_data { %s } }
  NodeAttestor "join_token" { plugin_data {} }
%s%s}
`, s.Port, TrustDomain, data, s.Socket(), options.LogLevel, options.CaTTL, options.Database, options.KeyManager, options.UpstreamAuthority))
	return s
}

// Socket is that of the server's API for its administrators.
func (s *Server) Socket() string { return s.lab.Path(s.name + ".sock") }

// Start is for a server that was stopped.
func (s *Server) Start() {
	s.lab.Helper()
	s.begin()
	s.WaitToServe()
}

func (s *Server) begin() {
	s.lab.Helper()
	s.Process = s.lab.Start(s.name, nil, filepath.Join(s.lab.spire, "spire-server"), "run", "-config", s.config)
}

// WaitToServe is for a server that was begun.
func (s *Server) WaitToServe() {
	s.lab.Helper()
	s.WaitUntil(func() error { return serving(s.Socket()) })
}

// Do runs a command of spire-server's own command line against the server and gives what it printed.
func (s *Server) Do(arguments ...string) string {
	s.lab.Helper()
	printed, err := s.TryDo(arguments...)
	if err != nil {
		s.lab.Fatalf("%v", err)
	}
	return printed
}

// TryDo is Do for what may fail.
func (s *Server) TryDo(arguments ...string) (string, error) {
	arguments = append(arguments, "-socketPath", s.Socket())
	printed, err := s.lab.Try(nil, filepath.Join(s.lab.spire, "spire-server"), arguments...)
	return string(printed), err
}

// Dial connects to the server's API for its administrators.
func (s *Server) Dial() *grpc.ClientConn {
	s.lab.Helper()
	connection, err := dial(s.Socket())
	if err != nil {
		s.lab.Fatalf("no connection to %s: %v", s.name, err)
	}
	s.lab.Cleanup(func() { _ = connection.Close() })
	return connection
}

func dial(socket string) (*grpc.ClientConn, error) {
	return grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// serving asks for grpc.health.v1 on a socket.
func serving(socket string) error {
	connection, err := dial(socket)
	if err != nil {
		return err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	answer, err := grpc_health_v1.NewHealthClient(connection).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		return err
	}
	if answer.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		return errors.New(answer.Status.String())
	}
	return nil
}
