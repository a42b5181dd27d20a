// Envoy's place beside istio-agent: pilot-agent starts this program as it would start Envoy, and it asks for the
// workload's certificate and roots over SDS as istio's bootstrap has Envoy do. What it is given it appends to the file
// that SDS_LOG names, one JSON object a line.
package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	socket     = "unix:./var/run/secrets/workload-spiffe-uds/socket" // istio's, below the working directory
	secretType = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"
	pause      = 500 * time.Millisecond // before a stream that ended is opened again: Envoy's first
)

// entry is a line: what was pushed, or why a stream ended.
type entry struct {
	Secret string `json:"secret"`
	Chain  string `json:"chain,omitempty"` // PEM, as are the roots
	Roots  string `json:"roots,omitempty"`
	Ended  string `json:"ended,omitempty"`
}

func main() {
	file, err := os.OpenFile(os.Getenv("SDS_LOG"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatalf("SDS_LOG: %v", err)
	}
	connection, err := grpc.NewClient(socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	entries := make(chan entry)
	client := secret.NewSecretDiscoveryServiceClient(connection)
	// Envoy opens a stream for each of its secrets.
	for _, name := range []string{"default", "ROOTCA"} {
		go keep(ctx, client, name, entries)
	}
	lines := json.NewEncoder(file)
	for {
		select {
		case one := <-entries:
			if err := lines.Encode(one); err != nil {
				log.Fatal(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// keep has a stream for one secret open for ever.
func keep(ctx context.Context, client secret.SecretDiscoveryServiceClient, name string, to chan<- entry) {
	for ctx.Err() == nil {
		to <- entry{Secret: name, Ended: follow(ctx, client, name, to).Error()}
		time.Sleep(pause)
	}
}

// follow hands on what one stream pushes, acknowledges it, and gives the reason of the stream's end.
func follow(ctx context.Context, client secret.SecretDiscoveryServiceClient, name string, to chan<- entry) error {
	stream, err := client.StreamSecrets(ctx)
	if err != nil {
		return err
	}
	request := &discovery.DiscoveryRequest{
		Node:          &core.Node{Id: "sidecar~127.0.0.1~test"},
		ResourceNames: []string{name},
		TypeUrl:       secretType,
	}
	for {
		if err := stream.Send(request); err != nil {
			_, err = stream.Recv() // the reason
			return err
		}
		push, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, resource := range push.Resources {
			one, err := read(resource)
			if err != nil {
				return err
			}
			to <- one
		}
		request.VersionInfo, request.ResponseNonce = push.VersionInfo, push.Nonce
	}
}

// read takes a secret as Envoy does: a key that does not belong to its certificate is refused.
func read(resource *anypb.Any) (entry, error) {
	var one tlsv3.Secret
	if err := resource.UnmarshalTo(&one); err != nil {
		return entry{}, err
	}
	got := entry{
		Secret: one.Name,
		Chain:  string(one.GetTlsCertificate().GetCertificateChain().GetInlineBytes()),
		Roots:  string(one.GetValidationContext().GetTrustedCa().GetInlineBytes()),
	}
	if got.Chain != "" {
		if _, err := tls.X509KeyPair([]byte(got.Chain), one.GetTlsCertificate().GetPrivateKey().GetInlineBytes()); err != nil {
			return entry{}, err
		}
	}
	return got, nil
}
