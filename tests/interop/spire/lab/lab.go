// Package lab starts what a trust domain with SPIRE on Rootkeep consists of, each part as a process of its own, in a
// private directory and on free ports.
package lab

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

// TrustDomain is the one of everything here.
const TrustDomain = "example.org"

// Patience is how long a part may take to start, to stop, or to notice what another one did.
const Patience = 60 * time.Second

const pollInterval = 50 * time.Millisecond

// T is a test, or a program that measures: Fatalf ends it, after what Cleanup was given.
type T interface {
	Helper()
	Logf(format string, arguments ...any)
	Fatalf(format string, arguments ...any)
	Failed() bool
	Cleanup(func())
}

// Lab is the directory of one trust domain, and the programs that run in it.
type Lab struct {
	T
	Home  string // mode 0700, gone when the test ends
	build string // a build of Rootkeep
	spire string // directory of spire-server and spire-agent
}

// New finds the programs by INTEROP_BUILD and INTEROP_SPIRE. The logs of a test that failed are printed.
// A test fails in whose directory the PIN of a token has got anywhere.
func New(t T) *Lab {
	t.Helper()
	// Not the test's own directory: its name would make the sockets' paths too long.
	home, err := os.MkdirTemp("", "rk-spire-")
	if err != nil {
		t.Fatalf("no directory: %v", err)
	}
	l := &Lab{T: t, Home: home, build: variable(t, "INTEROP_BUILD"), spire: variable(t, "INTEROP_SPIRE")}
	t.Cleanup(func() {
		if t.Failed() {
			l.printLogs()
		}
		_ = os.RemoveAll(home)
	})
	t.Cleanup(l.findPINs) // before that, and after every program's end
	return l
}

func variable(t T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; tests/interop/run sets it", name)
	}
	return value
}

// Tool is the path of one of Rootkeep's programs.
func (l *Lab) Tool(name string) string { return filepath.Join(l.build, "tools", name, name) }

// Path is that of a file in Home.
func (l *Lab) Path(elements ...string) string {
	return filepath.Join(append([]string{l.Home}, elements...)...)
}

// Directory makes one of mode 0700 in Home.
func (l *Lab) Directory(name string) string {
	l.Helper()
	path := l.Path(name)
	if err := os.MkdirAll(path, 0o700); err != nil {
		l.Fatalf("no directory: %v", err)
	}
	return path
}

// Write makes a file of mode 0600 in Home and gives its path.
func (l *Lab) Write(name, content string) string {
	l.Helper()
	path := l.Path(name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		l.Fatalf("no file: %v", err)
	}
	return path
}

// Read gives a file's content.
func (l *Lab) Read(path string) []byte {
	l.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		l.Fatalf("no file: %v", err)
	}
	return content
}

// Eventually asks until `condition` has no error any more; its last one says what was missing at the end.
func (l *Lab) Eventually(limit time.Duration, what string, condition func() error) {
	l.Helper()
	end := time.Now().Add(limit)
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			l.Fatalf("%s: not within %v: %v", what, limit, err)
		}
		time.Sleep(pollInterval)
	}
}

const tail = 6000 // octets of a log that are printed

func (l *Lab) printLogs() {
	logs, _ := filepath.Glob(l.Path("*.log"))
	for _, path := range logs {
		content, _ := os.ReadFile(path)
		if len(content) > tail {
			content = content[len(content)-tail:]
		}
		l.Logf("%s:\n%s", filepath.Base(path), indent(string(content)))
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
