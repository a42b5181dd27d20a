package agent

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"istio.io/istio/pkg/security"
	"istio.io/istio/pkg/spiffe"
	"istio.io/istio/security/pkg/credentialfetcher/plugin"
	"istio.io/istio/security/pkg/nodeagent/caclient/providers/citadel"
)

const certificateTTL = time.Hour

// target is the authority under test and the caller it knows.
type target struct {
	address  string // 127.0.0.1:<port>
	root     string // PEM file: verifies the server, and is the trust bundle expected with certificates
	token    string // file with a service account token
	output   string // empty directory; the agent's files in it are looked at by another program afterwards
	identity spiffe.Identity
}

// theTarget reads the environment; a missing variable fails the test, because a skipped one would prove nothing.
func theTarget(t *testing.T) target {
	t.Helper()
	read := func(name string) string {
		value := os.Getenv(name)
		if value == "" {
			t.Fatalf("%s is not set; run tests/interop/run", name)
		}
		return value
	}
	identity, err := spiffe.ParseIdentity(read("INTEROP_CA_IDENTITY"))
	if err != nil {
		t.Fatalf("INTEROP_CA_IDENTITY: %v", err)
	}
	return target{
		address:  read("INTEROP_CA_ADDRESS"),
		root:     read("INTEROP_CA_ROOT"),
		token:    read("INTEROP_CA_TOKEN"),
		output:   read("INTEROP_OUTPUT"),
		identity: identity,
	}
}

// localhost is the same authority by name: istio's client then expects istiod's service name in the certificate.
func (c target) localhost(t *testing.T) target {
	t.Helper()
	_, port, err := net.SplitHostPort(c.address)
	if err != nil {
		t.Fatal(err)
	}
	c.address = net.JoinHostPort("localhost", port)
	return c
}

// options are istio-agent's defaults, for the caller's workload.
func (c target) options() *security.Options {
	return &security.Options{
		CAEndpoint:                     c.address,
		CredFetcher:                    plugin.CreateTokenPlugin(c.token),
		TrustDomain:                    c.identity.TrustDomain,
		WorkloadNamespace:              c.identity.Namespace,
		ServiceAccount:                 c.identity.ServiceAccount,
		ClusterID:                      "Kubernetes",
		WorkloadRSAKeySize:             2048,
		SecretTTL:                      certificateTTL,
		SecretRotationGracePeriodRatio: 0.5,
	}
}

func (c target) client(t *testing.T, options *security.Options, tls citadel.TLSOptions) *citadel.CitadelClient {
	t.Helper()
	tls.RootCert = c.root
	client, err := citadel.NewCitadelClient(options, &tls)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// writeToken puts a token that the authority must refuse into a file of the test's own.
func writeToken(t *testing.T, token string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
