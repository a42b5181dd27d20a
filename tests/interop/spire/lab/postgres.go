package lab

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
)

// StartPostgres starts a database server that is reached by a socket in a directory of its own, and gives what SPIRE's
// DataStore is told.
func (l *Lab) StartPostgres() string {
	l.Helper()
	programs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(programs) == 0 {
		l.Fatalf("PostgreSQL is not installed (postgresql)")
	}
	directory, prefix := l.postgresDirectory()
	data := filepath.Join(directory, "data")
	run := func(program string, arguments ...string) []string {
		return append(append(prefix, filepath.Join(programs[len(programs)-1], program)), arguments...)
	}
	initialise := run("initdb", "--pgdata="+data, "--username=spire", "--auth=trust", "--no-sync")
	l.Run(nil, initialise[0], initialise[1:]...)
	serve := run("postgres", "-D", data, "-k", directory, "-c", "listen_addresses=", "-c", "fsync=off")
	server := l.Start("postgres", nil, serve[0], serve[1:]...)
	server.WaitUntil(func() error {
		ask := run("pg_isready", "--host="+directory)
		_, err := l.Try(nil, ask[0], ask[1:]...)
		return err
	})
	return fmt.Sprintf("database_type = \"postgres\"\n connection_string = %q",
		"host="+directory+" dbname=postgres user=spire sslmode=disable")
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
