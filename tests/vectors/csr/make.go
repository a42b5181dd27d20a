// Writes requests made by Go's crypto/x509: the shapes of istio-agent (one empty organisation) and ztunnel (no subject).
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"log"
	"net/url"
	"os"
)

const identity = "spiffe://cluster.local/ns/default/sa/httpbin"

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func write(name string, key crypto.Signer, template x509.CertificateRequest) {
	der := must(x509.CreateCertificateRequest(rand.Reader, &template, key))
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	if err := os.WriteFile(name+".pem", text, 0o644); err != nil {
		log.Fatal(err)
	}
}

// As istio's own code marshals it (security/pkg/pki/util/san.go): one critical URI.
func criticalURI() []pkix.Extension {
	names := []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(identity)}}
	return []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: must(asn1.Marshal(names))}}
}

func main() {
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	rsa2048 := must(rsa.GenerateKey(rand.Reader, 2048))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	agent := x509.CertificateRequest{Subject: pkix.Name{Organization: []string{""}}, ExtraExtensions: criticalURI()}
	write("go-agent-rsa2048", rsa2048, agent)
	write("go-agent-p256", p256, agent)
	write("go-agent-p384", p384, agent)
	write("go-ztunnel-p256", p256, x509.CertificateRequest{ExtraExtensions: criticalURI()})
	write("go-ed25519", edKey, x509.CertificateRequest{URIs: []*url.URL{must(url.Parse(identity))}})
	write("go-empty", p256, x509.CertificateRequest{})
}
