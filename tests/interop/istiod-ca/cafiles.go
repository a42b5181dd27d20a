package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"istio.io/istio/security/pkg/pki/ca"
)

// fileBundle names the plugged-in CA files in dir the way istiod looks for them.
func fileBundle(dir string) ca.SigningCAFileBundle {
	return ca.SigningCAFileBundle{
		RootCertFile:    filepath.Join(dir, ca.RootCertFile),
		CertChainFiles:  []string{filepath.Join(dir, ca.CertChainFile)},
		SigningCertFile: filepath.Join(dir, ca.CACertFile),
		SigningKeyFile:  filepath.Join(dir, ca.CAPrivateKeyFile),
	}
}

// makeCAFiles writes a root certificate and an issuing CA below it, both with keys of caType, unless caType is empty
// or the files are there. The root's key is forgotten.
func makeCAFiles(dir, caType string) error {
	bundle := fileBundle(dir)
	if _, err := os.Stat(bundle.SigningKeyFile); err == nil || caType == "" {
		return nil
	}
	rootKey, err := newKey(caType)
	if err != nil {
		return err
	}
	issuingKey, err := newKey(caType)
	if err != nil {
		return err
	}
	root, err := newCACert("istiod-ca test root", 1, rootKey.Public(), nil, rootKey)
	if err != nil {
		return err
	}
	issuing, err := newCACert("istiod-ca test issuing", 0, issuingKey.Public(), root, rootKey)
	if err != nil {
		return err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(issuingKey)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, file := range []struct {
		path, kind string
		der        []byte
	}{
		{bundle.RootCertFile, "CERTIFICATE", root.Raw},
		{bundle.SigningCertFile, "CERTIFICATE", issuing.Raw},
		{bundle.CertChainFiles[0], "CERTIFICATE", issuing.Raw},
		{bundle.SigningKeyFile, "PRIVATE KEY", keyDER},
	} {
		data := pem.EncodeToMemory(&pem.Block{Type: file.kind, Bytes: file.der})
		if err := os.WriteFile(file.path, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func newKey(caType string) (crypto.Signer, error) {
	switch caType {
	case "p256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "rsa2048":
		return rsa.GenerateKey(rand.Reader, 2048)
	}
	return nil, fmt.Errorf("unknown CA type %q", caType)
}

// newCACert makes a CA certificate for public; parent nil means self-signed.
func newCACert(name string, pathLen int, public crypto.PublicKey, parent *x509.Certificate, signer crypto.Signer) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Minute),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLen:            pathLen,
		MaxPathLenZero:        pathLen == 0,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}
