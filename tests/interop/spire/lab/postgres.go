package lab

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Postgres is a database server that is reached by a socket in a directory of its own.
type Postgres struct {
	lab       *Lab
	directory string
	run       func(program string, arguments ...string) []string
	*Process
}

// StartPostgres starts one that is empty.
func (l *Lab) StartPostgres() *Postgres {
	l.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		l.Fatalf("PostgreSQL is not installed (postgresql)")
	}
	directory, prefix := l.postgresDirectory()
	run := func(program string, arguments ...string) []string {
		return append(append(prefix, filepath.Join(programs[len(programs)-1], program)), arguments...)
	}
	initialise := run("initdb", "--pgdata="+filepath.Join(directory, "data"), "--username=spire", "--auth=trust", "--no-sync")
	l.Run(nil, initialise[0], initialise[1:]...)
	p := &Postgres{lab: l, directory: directory, run: run}
	p.Start()
	return p
}

// DataStore is what SPIRE's is told.
func (p *Postgres) DataStore() string {
	return fmt.Sprintf("database_type = \"postgres\"\n connection_string = %q",
		"host="+p.directory+" dbname=postgres user=spire sslmode=disable")
}

// Start is for one that was stopped.
func (p *Postgres) Start() {
	p.lab.Helper()
	serve := p.run("postgres", "-D", filepath.Join(p.directory, "data"), "-k", p.directory, "-c", "listen_addresses=", "-c", "fsync=off")
	p.Process = p.lab.Start("postgres", nil, serve[0], serve[1:]...)
	p.stopBy = syscall.SIGINT // on SIGTERM it waits for its clients
	p.WaitUntil(func() error {
		ask := p.run("pg_isready", "--host="+p.directory)
		_, err := p.lab.Try(nil, ask[0], ask[1:]...)
		return err
	})
}

// postgresDirectory is one for the user that PostgreSQL runs as, who is not root: there is no server that would. The
// prefix makes a command run as that user.
func (l *Lab) postgresDirectory() (directory string, prefix []string) {
	l.Helper()
	if os.Getuid() != 0 {
		return l.Directory("postgres"), nil
	}
	const name = "postgres"
	account, err := user.Lookup(name)
	if err != nil {
		l.Fatalf("no user for PostgreSQL: %v", err)
	}
	// Home is closed to that user.
	directory, err = os.MkdirTemp("", "rk-spire-")
	if err != nil {
		l.Fatalf("no directory: %v", err)
	}
	l.Cleanup(func() { _ = os.RemoveAll(directory) })
	uid, _ := strconv.Atoi(account.Uid)
	gid, _ := strconv.Atoi(account.Gid)
	if err := os.Chown(directory, uid, gid); err != nil {
		l.Fatalf("no directory: %v", err)
	}
	return directory, []string{"setpriv", "--reuid=" + name, "--regid=" + name, "--clear-groups"}
}
