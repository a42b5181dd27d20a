package agent

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
)

// handshake does mutual TLS between two workloads that both hold pair, as Envoy would: the peer's chain is verified
// under roots, its name is not a host name.
func handshake(t *testing.T, pair tls.Certificate, roots []byte) {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	verifyPeer := func(usage x509.ExtKeyUsage) func(tls.ConnectionState) error {
		return func(state tls.ConnectionState) error {
			intermediates := x509.NewCertPool()
			for _, certificate := range state.PeerCertificates[1:] {
				intermediates.AddCert(certificate)
			}
			_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
				Roots: pool, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{usage},
			})
			return err
		}
	}
	clientEnd, serverEnd := net.Pipe()
	defer clientEnd.Close()
	defer serverEnd.Close()
	client := tls.Client(clientEnd, &tls.Config{
		Certificates:       []tls.Certificate{pair},
		InsecureSkipVerify: true, // replaced by VerifyConnection: a SPIFFE ID is not a host name
		VerifyConnection:   verifyPeer(x509.ExtKeyUsageServerAuth),
	})
	server := tls.Server(serverEnd, &tls.Config{
		Certificates:           []tls.Certificate{pair},
		ClientAuth:             tls.RequireAnyClientCert,
		SessionTicketsDisabled: true, // nobody reads them here
		VerifyConnection:       verifyPeer(x509.ExtKeyUsageClientAuth),
	})
	done := make(chan error, 1)
	go func() { done <- client.Handshake() }()
	if err := server.Handshake(); err != nil {
		t.Errorf("server side: %v", err)
	}
	if err := <-done; err != nil {
		t.Errorf("client side: %v", err)
	}
}
