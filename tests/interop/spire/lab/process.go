package lab

import (
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is a child; Stop and Kill end it by its process id. All that it prints is in Home/NAME.log.
type Process struct {
	lab     *Lab
	name    string
	command *exec.Cmd
	stopBy  os.Signal // that Stop sends
	ended   chan struct{}
}

// Start gives the child what this process has in its environment, and `environment` (NAME=value). It ends with the test.
func (l *Lab) Start(name string, environment []string, program string, arguments ...string) *Process {
	l.Helper()
	log, err := os.OpenFile(l.Path(name+".log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		l.Fatalf("no log: %v", err)
	}
	defer log.Close()
	p := &Process{lab: l, name: name, command: exec.Command(program, arguments...), stopBy: syscall.SIGTERM,
		ended: make(chan struct{})}
	p.command.Env = append(os.Environ(), environment...)
	p.command.Stdout, p.command.Stderr = log, log
	if err := p.command.Start(); err != nil {
		l.Fatalf("%s does not start: %v", name, err)
	}
	go func() {
		_ = p.command.Wait()
		close(p.ended)
	}()
	l.Cleanup(p.Stop)
	return p
}

// Pid is the child's process id.
func (p *Process) Pid() int { return p.command.Process.Pid }

// Said is all that the child has printed, also those of the same name before it.
func (p *Process) Said() []byte {
	content, _ := os.ReadFile(p.lab.Path(p.name + ".log"))
	return content
}

// SaidSince is Said without what an earlier Said had, by its length.
func (p *Process) SaidSince(length int) string { return string(p.Said()[length:]) }

// WaitToSay waits for these words since `length`, as in SaidSince.
func (p *Process) WaitToSay(words string, length int) {
	p.lab.Helper()
	p.lab.Eventually(Patience, p.name+" says "+words, func() error {
		if !strings.Contains(p.SaidSince(length), words) {
			return errors.New("it does not")
		}
		return nil
	})
}

// Running is an error when the child has ended.
func (p *Process) Running() error {
	select {
	case <-p.ended:
		return errors.New(p.name + " has ended: " + p.command.ProcessState.String())
	default:
		return nil
	}
}

// WaitUntil waits for a running child to be ready.
func (p *Process) WaitUntil(ready func() error) {
	p.lab.Helper()
	p.lab.Eventually(Patience, p.name+" comes up", func() error {
		if err := p.Running(); err != nil {
			p.lab.Fatalf("%v", err)
		}
		return ready()
	})
}

// Stop sends SIGTERM, or what the child ends by; one that takes too long is killed, which fails the test. It does nothing
// to one that has ended.
func (p *Process) Stop() {
	p.lab.Helper()
	if p.Running() != nil {
		return
	}
	_ = p.command.Process.Signal(p.stopBy)
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.Kill()
		p.lab.Fatalf("%s does not stop on %v", p.name, p.stopBy)
	}
}

// Kill sends SIGKILL and waits for the end.
func (p *Process) Kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// Try runs a program to its end and gives what it printed.
func (l *Lab) Try(environment []string, program string, arguments ...string) ([]byte, error) {
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), environment...)
	var failure bytes.Buffer
	command.Stderr = &failure
	printed, err := command.Output()
	if err != nil {
		return printed, errors.New(filepath.Base(program) + ": " + err.Error() + ": " + failure.String() + string(printed))
	}
	return printed, nil
}

// Run is Try for what must not fail.
func (l *Lab) Run(environment []string, program string, arguments ...string) []byte {
	l.Helper()
	printed, err := l.Try(environment, program, arguments...)
	if err != nil {
		l.Fatalf("%v", err)
	}
	return printed
}

// FreePort is one on 127.0.0.1 that nobody listened on a moment ago, for programs that do not take port 0.
func (l *Lab) FreePort() int {
	l.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.Fatalf("no port: %v", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
