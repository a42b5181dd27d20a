package spire

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/url"
	"testing"
	"time"

	svidv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/svid/v1"

	"rootkeep/tests/interop/spire/lab"
)

// The shortest lifetime that rootkeepd gives, and with which spire-server rotates without gaps: the next CA is used after
// 50 s. Too short for spire-agent, whose own certificate may then have been signed by a CA with ten seconds to live.
const (
	shortest  = time.Minute
	rotations = 2
	limit     = rotations*shortest + lab.Patience
)

func TestRotationWithTheShortestLifetime(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	ca := l.StartRootkeepd(l.NewSoftHSM("ca"))
	keys := l.StartKeyAgent("server-keys", serverInstance+".*", l.NewSoftHSM("keys"))
	server := l.StartServer(lab.ServerOptions{CaTTL: shortest.String(), UpstreamAuthority: l.UpstreamAuthority(ca).Block(),
		KeyManager: l.KeyManager(keys, serverInstance).Block()})
	minter := svidv1.NewSVIDClient(server.Dial())
	request := svidRequest(t)
	issuers := make(map[string]bool)
	l.Eventually(limit, "CAs take turns", func() error {
		answer, err := minter.MintX509SVID(context.Background(), &svidv1.MintX509SVIDRequest{Csr: request})
		if err != nil {
			t.Fatalf("there is a gap: %v", err)
		}
		if chain := parse(t, answer.Svid.CertChain); !issuers[string(chain[0].AuthorityKeyId)] {
			issuers[string(chain[0].AuthorityKeyId)] = true
			if err := opensslVerifies(l, chain, l.Read(ca.Root())); err != nil {
				t.Errorf("openssl refuses what CA %d signed: %v", len(issuers), err)
			}
		}
		if len(issuers) <= rotations {
			return errors.New("not enough of them yet")
		}
		return nil
	})
}

func svidRequest(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		URIs: []*url.URL{{Scheme: "spiffe", Host: lab.TrustDomain, Path: "/minted"}},
	}, key)
	if err != nil {
		t.Fatal(err)
	}
	return csr
}

func parse(t *testing.T, chain [][]byte) []*x509.Certificate {
	t.Helper()
	var parsed []*x509.Certificate
	for _, one := range chain {
		certificate, err := x509.ParseCertificate(one)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, certificate)
	}
	return parsed
}
