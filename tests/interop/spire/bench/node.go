package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"regexp"
	"time"

	agentv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/agent/v1"
	entryv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/entry/v1"
	"github.com/spiffe/spire-api-sdk/proto/spire/api/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"rootkeep/tests/interop/spire/lab"
)

const callLimit = time.Minute

var tokenLine = regexp.MustCompile(`Token: (\S+)`)

// node is an attested agent as spire-server sees one, without spire-agent's own work.
type node struct {
	lab         *lab.Lab
	server      *lab.Server
	certificate tls.Certificate
	entries     []string // ids of what it may have
}

// attest joins with a token and waits until the server lets the node have `workloads` entries of its own.
func attest(l *lab.Lab, server *lab.Server, workloads int) *node {
	l.Helper()
	n := &node{lab: l, server: server}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		l.Fatalf("no key: %v", err)
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		l.Fatalf("no CSR: %v", err)
	}
	token := tokenLine.FindStringSubmatch(server.Do("token", "generate", "-spiffeID", lab.Node))[1]
	chain, err := n.join(token, csr)
	if err != nil {
		l.Fatalf("the node cannot join: %v", err)
	}
	n.certificate = tls.Certificate{Certificate: chain, PrivateKey: key}
	n.register(workloads)
	return n
}

func (n *node) join(token string, csr []byte) ([][]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	stream, err := agentv1.NewAgentClient(n.dial()).AttestAgent(ctx)
	if err != nil {
		return nil, err
	}
	if err := stream.Send(&agentv1.AttestAgentRequest{Step: &agentv1.AttestAgentRequest_Params_{
		Params: &agentv1.AttestAgentRequest_Params{
			Data:   &types.AttestationData{Type: "join_token", Payload: []byte(token)},
			Params: &agentv1.AgentX509SVIDParams{Csr: csr},
		},
	}}); err != nil {
		return nil, err
	}
	answer, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	return answer.GetResult().GetSvid().GetCertChain(), nil
}

// register makes the entries and waits for the server's cache of them.
func (n *node) register(workloads int) {
	n.lab.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), callLimit)
	defer cancel()
	batch := &entryv1.BatchCreateEntryRequest{}
	for i := range workloads {
		batch.Entries = append(batch.Entries, &types.Entry{
			SpiffeId:  &types.SPIFFEID{TrustDomain: lab.TrustDomain, Path: fmt.Sprintf("/workload/%d", i)},
			ParentId:  &types.SPIFFEID{TrustDomain: lab.TrustDomain, Path: "/node"},
			Selectors: []*types.Selector{{Type: "unix", Value: fmt.Sprintf("uid:%d", 100000+i)}},
		})
	}
	if _, err := entryv1.NewEntryClient(n.server.Dial()).BatchCreateEntry(ctx, batch); err != nil {
		n.lab.Fatalf("no entries: %v", err)
	}
	client := entryv1.NewEntryClient(n.dial())
	n.lab.Eventually(lab.Patience, "the node's entries", func() error {
		authorized, err := client.GetAuthorizedEntries(ctx, &entryv1.GetAuthorizedEntriesRequest{})
		if err == nil && len(authorized.Entries) < workloads {
			err = fmt.Errorf("%d of %d", len(authorized.Entries), workloads)
		}
		if err != nil {
			return err
		}
		for _, entry := range authorized.Entries {
			n.entries = append(n.entries, entry.Id)
		}
		return nil
	})
}

// dial connects to the server as an agent does, with the node's SVID once there is one. Whom it meets is not looked at:
// the chain is what the tests verify.
func (n *node) dial() *grpc.ClientConn {
	n.lab.Helper()
	settings := &tls.Config{InsecureSkipVerify: true}
	if n.certificate.Certificate != nil {
		settings.Certificates = []tls.Certificate{n.certificate}
	}
	connection, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", n.server.Port),
		grpc.WithTransportCredentials(credentials.NewTLS(settings)))
	if err != nil {
		n.lab.Fatalf("no connection: %v", err)
	}
	n.lab.Cleanup(func() { _ = connection.Close() })
	return connection
}
