package agent

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"
	"time"

	"istio.io/istio/pkg/security"
	"istio.io/istio/security/pkg/nodeagent/cache"
	"istio.io/istio/security/pkg/nodeagent/caclient/providers/citadel"
)

const patience = 20 * time.Second

func encodeCSR(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}

// secretManager is what runs in istio-agent between the authority and Envoy.
func (c target) secretManager(t *testing.T, options *security.Options, tls citadel.TLSOptions) *cache.SecretManagerClient {
	t.Helper()
	tls.RootCert = c.root
	client, err := citadel.NewCitadelClient(options, &tls)
	if err != nil {
		t.Fatal(err)
	}
	manager, err := cache.NewSecretManagerClient(client, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(manager.Close)
	return manager
}

// managerWithCertificate has a certificate of the authority's and no token.
func (c target) managerWithCertificate(t *testing.T) *cache.SecretManagerClient {
	t.Helper()
	directory := t.TempDir()
	c.outputFiles(t, directory)
	options := c.options()
	options.CredFetcher = nil
	return c.secretManager(t, options, citadel.TLSOptions{
		Key:  filepath.Join(directory, "key.pem"),
		Cert: filepath.Join(directory, "cert-chain.pem"),
	})
}

func generate(t *testing.T, manager *cache.SecretManagerClient, name string) *security.SecretItem {
	t.Helper()
	secret, err := manager.GenerateSecret(name)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSecretsForEnvoy(t *testing.T) {
	c := theTarget(t)
	manager := c.secretManager(t, c.options(), citadel.TLSOptions{})
	workload := generate(t, manager, security.WorkloadKeyCertResourceName)
	root := generate(t, manager, security.RootCertReqResourceName)
	if !bytes.Equal(bytes.TrimSpace(root.RootCert), bytes.TrimSpace(c.rootPEM(t))) {
		t.Errorf("ROOTCA is not the expected bundle: %s", root.RootCert)
	}
	leaf := c.verifyChain(t, parsePEM(t, workload.CertificateChain), root.RootCert)
	if _, err := tls.X509KeyPair(workload.CertificateChain, workload.PrivateKey); err != nil {
		t.Errorf("key and chain do not belong together: %v", err)
	}
	if !workload.ExpireTime.Equal(leaf.NotAfter) {
		t.Errorf("the agent believes in expiry at %v, the certificate says %v", workload.ExpireTime, leaf.NotAfter)
	}
}

func TestRotation(t *testing.T) {
	c := theTarget(t)
	options := c.options()
	options.SecretRotationGracePeriodRatio = 0.9999 // due after 0.4 s of an hour
	manager := c.secretManager(t, options, citadel.TLSOptions{})
	due := make(chan string, 16)
	manager.RegisterSecretHandler(func(name string) { due <- name })
	first := generate(t, manager, security.WorkloadKeyCertResourceName)
	for deadline := time.After(patience); ; {
		select {
		case name := <-due:
			if name != security.WorkloadKeyCertResourceName {
				continue
			}
		case <-deadline:
			t.Fatal("the agent never asked for rotation")
		}
		break
	}
	second := generate(t, manager, security.WorkloadKeyCertResourceName)
	oldLeaf := parsePEM(t, first.CertificateChain)[0]
	newLeaf := c.verifyChain(t, parsePEM(t, second.CertificateChain), c.rootPEM(t))
	if oldLeaf.SerialNumber.Cmp(newLeaf.SerialNumber) == 0 {
		t.Error("the serial number did not change")
	}
	if bytes.Equal(oldLeaf.RawSubjectPublicKeyInfo, newLeaf.RawSubjectPublicKeyInfo) {
		t.Error("the key did not change")
	}
}

// outputFiles lets the agent write into directory what it writes for proxyless workloads.
func (c target) outputFiles(t *testing.T, directory string) {
	t.Helper()
	options := c.options()
	options.OutputKeyCertToDir = directory
	manager := c.secretManager(t, options, citadel.TLSOptions{})
	generate(t, manager, security.WorkloadKeyCertResourceName)
	generate(t, manager, security.RootCertReqResourceName)
}

func TestOutputFilesCarryMutualTLS(t *testing.T) {
	c := theTarget(t)
	directory := c.output
	c.outputFiles(t, directory)
	roots, err := os.ReadFile(filepath.Join(directory, "root-cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := os.ReadFile(filepath.Join(directory, "cert-chain.pem"))
	if err != nil {
		t.Fatal(err)
	}
	c.verifyChain(t, parsePEM(t, chain), roots)
	pair, err := tls.LoadX509KeyPair(filepath.Join(directory, "cert-chain.pem"), filepath.Join(directory, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	handshake(t, pair, roots)
}

// An agent that has a certificate renews with it, without any token, and stays who it is.
func TestRenewalByCertificate(t *testing.T) {
	c := theTarget(t)
	manager := c.managerWithCertificate(t)
	renewed := generate(t, manager, security.WorkloadKeyCertResourceName)
	c.verifyChain(t, parsePEM(t, renewed.CertificateChain), c.rootPEM(t))
}
