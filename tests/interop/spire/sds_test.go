package spire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"rootkeep/tests/interop/spire/lab"
)

const (
	ownCertificate = "default"
	ownRoots       = "ROOTCA"
	secretType     = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
)

// envoy holds one SDS stream open, acknowledges what comes, and has the newest of it. Where spire-agent ends the stream,
// it opens another, as Envoy does: the agent does so at an update in which a workload has no SVID, such as between the
// taint of the old one and the new one's arrival.
type envoy struct {
	l      *lab.Lab
	client secret.SecretDiscoveryServiceClient
	ctx    context.Context
	stream secret.SecretDiscoveryService_StreamSecretsClient
	pushes chan *discovery.DiscoveryResponse
	chain  []*x509.Certificate
	roots  []*x509.Certificate
	opened int // streams, so far
}

// connect subscribes to both secrets, as an Envoy with SPIFFE's example configuration does, and waits for them.
func connect(t *testing.T, l *lab.Lab, agent *lab.Agent) *envoy {
	t.Helper()
	connection, err := grpc.NewClient("unix:"+agent.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() {
		cancel()
		_ = connection.Close()
	})
	e := &envoy{l: l, client: secret.NewSecretDiscoveryServiceClient(connection), ctx: ctx}
	l.Eventually(lab.Patience, "secrets over SDS", e.open)
	return e
}

// open begins a stream and takes the first push.
func (e *envoy) open() error {
	stream, err := e.client.StreamSecrets(e.ctx)
	if err != nil {
		return err
	}
	e.stream = stream
	if err := e.send(&discovery.DiscoveryRequest{Node: &core.Node{Id: "test"}}); err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	e.opened++
	e.pushes = make(chan *discovery.DiscoveryResponse)
	go receive(e.ctx, stream, e.pushes)
	return e.take(first)
}

// receive hands on what is pushed until the stream ends.
func receive(ctx context.Context, stream secret.SecretDiscoveryService_StreamSecretsClient, to chan *discovery.DiscoveryResponse) {
	defer close(to)
	for {
		push, err := stream.Recv()
		if err != nil {
			return
		}
		select {
		case to <- push:
		case <-ctx.Done():
			return
		}
	}
}

func (e *envoy) send(request *discovery.DiscoveryRequest) error {
	request.ResourceNames, request.TypeUrl = []string{ownCertificate, ownRoots}, secretType
	return e.stream.Send(request)
}

// waitFor takes pushes until it has been told what is `wanted`.
func (e *envoy) waitFor(what string, wanted func() bool) {
	e.l.Helper()
	for limit := time.After(lab.Patience); !wanted(); {
		select {
		case push, open := <-e.pushes:
			if !open {
				e.l.Logf("%s: spire-agent ended the SDS stream", what)
				e.l.Eventually(lab.Patience, "secrets over another stream", e.open)
			} else if err := e.take(push); err != nil {
				e.l.Fatalf("%s: %v", what, err)
			}
		case <-limit:
			e.l.Fatalf("%s: not pushed within %v", what, lab.Patience)
		}
	}
}

// isPushed is waitFor for what has to come on the stream that is open: a new one would have it without a push.
func (e *envoy) isPushed(what string, wanted func() bool) {
	e.l.Helper()
	if wanted() {
		e.l.Fatalf("%s: before there was a reason", what)
	}
	e.waitOver(what, 0, wanted)
}

// waitOver is waitFor with as many new streams as that at most.
func (e *envoy) waitOver(what string, streams int, wanted func() bool) {
	e.l.Helper()
	before := e.opened
	e.waitFor(what, wanted)
	if e.opened > before+streams {
		e.l.Fatalf("%s: over %d new streams", what, e.opened-before)
	}
}

// take keeps the secrets and acknowledges them.
func (e *envoy) take(push *discovery.DiscoveryResponse) error {
	for _, resource := range push.Resources {
		var one tlsv3.Secret
		if err := resource.UnmarshalTo(&one); err != nil {
			return err
		}
		switch one.Name {
		case ownCertificate:
			chain, key := one.GetTlsCertificate().GetCertificateChain().GetInlineBytes(), one.GetTlsCertificate().GetPrivateKey().GetInlineBytes()
			if _, err := tls.X509KeyPair(chain, key); err != nil {
				return fmt.Errorf("key and chain do not belong together: %w", err)
			}
			e.chain = certificates(chain)
		case ownRoots:
			roots, err := trusted(one.GetValidationContext())
			if err != nil {
				return err
			}
			e.roots = roots
		default:
			return errors.New("not asked for: " + one.Name)
		}
	}
	_ = e.send(&discovery.DiscoveryRequest{VersionInfo: push.VersionInfo, ResponseNonce: push.Nonce}) // an error ends the stream
	return nil
}

// trusted gives the roots for the SPIFFE validator, which an Envoy since 1.18 is told to use.
func trusted(context *tlsv3.CertificateValidationContext) ([]*x509.Certificate, error) {
	var validator tlsv3.SPIFFECertValidatorConfig
	if err := context.GetCustomValidatorConfig().GetTypedConfig().UnmarshalTo(&validator); err != nil {
		return nil, err
	}
	for _, one := range validator.TrustDomains {
		if one.Name == lab.TrustDomain {
			return certificates(one.TrustBundle.GetInlineBytes()), nil
		}
	}
	return nil, errors.New("no roots for the trust domain")
}

func certificates(text []byte) []*x509.Certificate {
	var found []*x509.Certificate
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			found = append(found, certificate)
		}
	}
	return found
}

// endsIn is whether the chain is there and good below this root, PEM.
func (e *envoy) endsIn(root []byte) bool {
	return len(e.chain) > 0 && opensslVerifies(e.l, e.chain, root) == nil
}
