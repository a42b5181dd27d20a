package agent

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"
	"time"
)

// backdate is how far before now istio's authorities let a certificate begin.
const backdate = 2 * time.Minute

func parsePEM(t *testing.T, data []byte) []*x509.Certificate {
	t.Helper()
	var certificates []*x509.Certificate
	for len(bytes.TrimSpace(data)) > 0 {
		block, rest := pem.Decode(data)
		if block == nil || block.Type != "CERTIFICATE" {
			t.Fatalf("not a PEM certificate: %q", data)
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		certificates = append(certificates, certificate)
		data = rest
	}
	if len(certificates) == 0 {
		t.Fatal("no certificate")
	}
	return certificates
}

// verifyChain checks with Go's crypto/x509 that chain (leaf first) is the caller's for both directions of mutual TLS,
// under roots, and has the shape of a workload certificate.
func (c target) verifyChain(t *testing.T, chain []*x509.Certificate, roots []byte) *x509.Certificate {
	t.Helper()
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(roots) {
		t.Fatal("no root certificates")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range chain[1:] {
		intermediates.AddCert(certificate)
	}
	leaf := chain[0]
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		options := x509.VerifyOptions{Roots: pool, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := leaf.Verify(options); err != nil {
			t.Fatalf("chain does not verify for usage %v: %v", usage, err)
		}
	}
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != c.identity.String() {
		t.Errorf("URI names %v, want only %v", leaf.URIs, c.identity)
	}
	if len(leaf.DNSNames)+len(leaf.IPAddresses)+len(leaf.EmailAddresses) != 0 {
		t.Errorf("names beside the SPIFFE ID: %v %v %v", leaf.DNSNames, leaf.IPAddresses, leaf.EmailAddresses)
	}
	if leaf.IsCA || leaf.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment {
		t.Errorf("CA %v and key usage %b are not a workload's", leaf.IsCA, leaf.KeyUsage)
	}
	if lifetime := leaf.NotAfter.Sub(leaf.NotBefore); lifetime != certificateTTL+backdate {
		t.Errorf("lifetime %v, want %v", lifetime, certificateTTL+backdate)
	}
	return leaf
}

func (c target) rootPEM(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile(c.root)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
