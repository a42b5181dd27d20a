package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"net/url"

	"rootkeep/tests/interop/spire/lab"
)

// csrs are requests for fresh P-256 keys with the SPIFFE ID of `path`.
func csrs(l *lab.Lab, path string, count int) [][]byte {
	l.Helper()
	id := &url.URL{Scheme: "spiffe", Host: lab.TrustDomain, Path: path}
	made := make([][]byte, count)
	for i := range made {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			l.Fatalf("no key: %v", err)
		}
		made[i], err = x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{URIs: []*url.URL{id}}, key)
		if err != nil {
			l.Fatalf("no CSR: %v", err)
		}
	}
	return made
}
