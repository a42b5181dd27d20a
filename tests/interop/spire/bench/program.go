package main

import (
	"fmt"
	"os"
)

// program is what a lab of a program that measures hangs on; see lab.T.
type program struct {
	failed   bool
	cleanups []func()
}

func (p *program) Helper() {}
func (p *program) Logf(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}
func (p *program) Failed() bool     { return p.failed }
func (p *program) Cleanup(f func()) { p.cleanups = append(p.cleanups, f) }

func (p *program) Fatalf(format string, arguments ...any) {
	p.Logf(format, arguments...)
	if p.failed {
		return // in a cleanup: the others still have to run
	}
	p.failed = true
	p.end()
	os.Exit(1)
}

func (p *program) end() {
	for len(p.cleanups) > 0 {
		last := p.cleanups[len(p.cleanups)-1]
		p.cleanups = p.cleanups[:len(p.cleanups)-1]
		last()
	}
}
