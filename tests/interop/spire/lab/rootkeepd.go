package lab

import (
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
)

// Rootkeepd is certificate authorities whose roots and issuing keys are in a token.
type Rootkeepd struct {
	lab         *Lab
	token       *SoftHSM
	authorities []string
	initOptions []string
	*Process
}

const firstAuthority = "mesh"

const rootkeepdConfig = `version: 1
state_directory: %[1]s
listeners: [{name: istio, address: "127.0.0.1:0"}]
operations: [{address: "127.0.0.1:0"}]
health: []
%[2]strust_domains: [{name: example.org}]
authorities: [%[3]s]
api_callers:
  - name: spire
    socket: {path: %[4]s, users: ["%[6]d"]}
    foreign_ca: {path_length: 0}
    watch_bundle: true
    publish_jwt_keys: true
  - name: operator
    socket: {path: %[5]s, users: ["%[6]d"]}
    roles: [viewer, security-officer]
`

// StartRootkeepd generates root and issuing key in the token and serves SPIRE and its operator, each on a socket. The
// options are those of `rootkeep ca init`: --self-signed makes one key for both.
func (l *Lab) StartRootkeepd(token *SoftHSM, initOptions ...string) *Rootkeepd {
	l.Helper()
	r := l.NewRootkeepd(token, initOptions...)
	r.Start()
	return r
}

// NewRootkeepd is StartRootkeepd without the start.
func (l *Lab) NewRootkeepd(token *SoftHSM, initOptions ...string) *Rootkeepd {
	l.Helper()
	r := &Rootkeepd{lab: l, token: token, initOptions: initOptions}
	l.Directory("ca-state")
	r.makeAuthority(firstAuthority)
	return r
}

// AddAuthority makes another root and issuing key, adds the root to the bundle, and has rootkeepd load the key. It gives
// the root, PEM.
func (r *Rootkeepd) AddAuthority(name string) []byte {
	r.lab.Helper()
	r.makeAuthority(name)
	if _, err := r.Administer("root", "add", r.bundle(name)); err != nil {
		r.lab.Fatalf("%v", err)
	}
	if err := syscall.Kill(r.Pid(), syscall.SIGHUP); err != nil {
		r.lab.Fatalf("rootkeepd is not told to load: %v", err)
	}
	return r.lab.Read(r.bundle(name))
}

func (r *Rootkeepd) makeAuthority(name string) {
	r.lab.Helper()
	r.authorities = append(r.authorities, fmt.Sprintf("{name: %s, token: %s}", name, r.token.label))
	config := r.lab.Write("rootkeepd.yaml", fmt.Sprintf(rootkeepdConfig, r.lab.Path("ca-state"), r.token.config(),
		strings.Join(r.authorities, ", "), r.Socket(), r.operatorSocket(), os.Getuid()))
	r.lab.Run(nil, r.lab.Tool("rootkeep"), append([]string{"ca", "init", "--config", config, "--token", r.token.label,
		"--name", name, "--trust-domain", TrustDomain, "--type", "ec-p256", "--path-length", "1"}, r.initOptions...)...)
}

// Root is the bundle file, PEM, of the first authority.
func (r *Rootkeepd) Root() string { return r.bundle(firstAuthority) }

func (r *Rootkeepd) bundle(name string) string {
	return r.lab.Path("ca-state", "authorities", name, "1", "bundle.pem")
}

// Socket is SPIRE's own.
func (r *Rootkeepd) Socket() string { return r.lab.Path("ca.sock") }

func (r *Rootkeepd) operatorSocket() string { return r.lab.Path("operator.sock") }

// Administer runs a command of rootkeep's over the operator's socket.
func (r *Rootkeepd) Administer(arguments ...string) (string, error) {
	printed, err := r.lab.Try(nil, r.lab.Tool("rootkeep"), append(arguments, "--socket", r.operatorSocket())...)
	return string(printed), err
}

// Start is for one that does not run, also after Stop.
func (r *Rootkeepd) Start() {
	r.lab.Helper()
	r.Process = r.lab.Start("rootkeepd", nil, r.lab.Tool("rootkeepd"), "--config", r.lab.Path("rootkeepd.yaml"))
	r.WaitUntil(func() error {
		connection, err := net.Dial("unix", r.Socket())
		if err != nil {
			return err
		}
		return connection.Close()
	})
}
