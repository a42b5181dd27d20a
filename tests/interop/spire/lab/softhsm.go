package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// SoftHSM is a token of its own, with its label as its name.
type SoftHSM struct {
	lab    *Lab
	label  string
	module string
	more   string // of the module's environment
}

// NewSoftHSM initialises a token.
func (l *Lab) NewSoftHSM(label string) *SoftHSM {
	l.Helper()
	s := &SoftHSM{lab: l, label: label, module: softhsmModule(l)}
	l.Directory(label + "-token")
	l.Write(label+"-token.conf", "directories.tokendir = "+s.directory()+"\nobjectstore.backend = file\nlog.level = ERROR\n")
	l.Write(label+pinSuffix, pin+"\n")
	l.Run([]string{"SOFTHSM2_CONF=" + s.conf()}, "softhsm2-util", "--init-token", "--free", "--label", label,
		"--pin", pin, "--so-pin", adminPIN)
	return s
}

// NewSlowSoftHSM is a token that does one signature at a time, in `latency` and what SoftHSM takes.
func (l *Lab) NewSlowSoftHSM(label string, latency time.Duration) *SoftHSM {
	l.Helper()
	s := l.NewSoftHSM(label)
	scenario := l.Write(label+"-scenario", fmt.Sprintf("delay C_Sign %dms workers=1\n", latency.Milliseconds()))
	s.more = fmt.Sprintf(", {name: ROOTKEEP_CHAOS_MODULE, value: %s}, {name: ROOTKEEP_CHAOS_SCENARIO, value: %s}", s.module, scenario)
	s.module = filepath.Join(l.build, "tools", "chaos", "rootkeep-chaos.so")
	return s
}

// TakeAway makes the token absent, as if it had been pulled out.
func (s *SoftHSM) TakeAway() { s.rename(s.directory(), s.directory()+".away") }

// GiveBack undoes TakeAway.
func (s *SoftHSM) GiveBack() { s.rename(s.directory()+".away", s.directory()) }

func (s *SoftHSM) directory() string { return s.lab.Path(s.label + "-token") }
func (s *SoftHSM) conf() string      { return s.lab.Path(s.label + "-token.conf") }

func (s *SoftHSM) rename(from, to string) {
	s.lab.Helper()
	if err := os.Rename(from, to); err != nil {
		s.lab.Fatalf("%v", err)
	}
}

// config is the part of rootkeepd's and of the agent's configuration that names the token.
func (s *SoftHSM) config() string {
	return `modules:
  - name: softhsm
    path: ` + s.module + `
    environment: [{name: SOFTHSM2_CONF, value: ` + s.conf() + `}` + s.more + `]
tokens: [{name: ` + s.label + `, label: ` + s.label + `, pin_source: "file:` + s.lab.Path(s.label+pinSuffix) + `"}]
`
}

func softhsmModule(l *Lab) string {
	for _, directory := range []string{"/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"} {
		module := filepath.Join(directory, "libsofthsm2.so")
		if _, err := os.Stat(module); err == nil {
			return module
		}
	}
	l.Fatalf("SoftHSM2 is not installed (softhsm2)")
	return ""
}
