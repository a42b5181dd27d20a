package spire

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"rootkeep/tests/interop/spire/lab"
)

// fetch asks the Workload API for what this process has now.
func fetch(agent *lab.Agent) (*workloadapi.X509Context, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return workloadapi.FetchX509Context(ctx, workloadapi.WithAddr("unix://"+agent.Socket()))
}

// waitForSVID gives the SVID of `id` and the roots beside it, once the agent has it and it is `wanted` (nil: any).
func waitForSVID(l *lab.Lab, agent *lab.Agent, id string, wanted func(*x509svid.SVID) bool) (*x509svid.SVID, []*x509.Certificate) {
	l.Helper()
	var svid *x509svid.SVID
	var roots []*x509.Certificate
	l.Eventually(lab.Patience, "an SVID for "+id, func() error {
		got, err := fetch(agent)
		if err != nil {
			return err
		}
		for _, one := range got.SVIDs {
			if one.ID.String() == id && (wanted == nil || wanted(one)) {
				bundle, err := got.Bundles.GetX509BundleForTrustDomain(one.ID.TrustDomain())
				svid, roots = one, bundle.X509Authorities()
				return err
			}
		}
		return fmt.Errorf("there are %d others", len(got.SVIDs))
	})
	return svid, roots
}

// verifies requires that go-spiffe and openssl both find that the chain ends in `root` (PEM) and is good.
func verifies(l *lab.Lab, svid *x509svid.SVID, root []byte) {
	l.Helper()
	trusted, err := x509bundle.Parse(svid.ID.TrustDomain(), root)
	if err != nil {
		l.Fatalf("no root: %v", err)
	}
	id, _, err := x509svid.Verify(svid.Certificates, trusted)
	if err != nil || id != svid.ID {
		l.Fatalf("go-spiffe refuses the chain of %s: %v", svid.ID, err)
	}
	if err := opensslVerifies(l, svid.Certificates, root); err != nil {
		l.Fatalf("openssl refuses the chain of %s: %v", svid.ID, err)
	}
}

func opensslVerifies(l *lab.Lab, chain []*x509.Certificate, root []byte) error {
	_, err := l.Try(nil, "openssl", "verify", "-x509_strict", "-CAfile", l.Write("verify-root.pem", string(root)),
		"-untrusted", l.Write("verify-chain.pem", encode(chain...)), l.Write("verify-leaf.pem", encode(chain[0])))
	return err
}

func encode(certificates ...*x509.Certificate) string {
	var text bytes.Buffer
	for _, certificate := range certificates {
		_ = pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	}
	return text.String()
}
