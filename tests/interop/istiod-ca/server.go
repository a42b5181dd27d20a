package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	grpcprom "github.com/grpc-ecosystem/go-grpc-prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/api/security/v1beta1"
	istiogrpc "istio.io/istio/pilot/pkg/grpc"
	"istio.io/istio/pkg/config/mesh/meshwatcher"
	"istio.io/istio/pkg/keepalive"
	"istio.io/istio/pkg/security"
	"istio.io/istio/pkg/spiffe"
	"istio.io/istio/security/pkg/cmd"
	"istio.io/istio/security/pkg/pki/ca"
	caserver "istio.io/istio/security/pkg/server/ca"
	"istio.io/istio/security/pkg/server/ca/authenticate"
)

const rsaKeySize = 2048

// servingNames are what istiod would be reached by here.
var servingNames = []string{"istiod.istio-system.svc", "localhost", "127.0.0.1"}

// newServer puts together what pilot/pkg/bootstrap does for the secure port: plugged-in CA, "verify if given" client
// certificates with istio's SPIFFE verifier, keepalive and interceptors, and the authenticators in istiod's order.
func newServer(c config) (*grpc.Server, error) {
	authority, err := newAuthority(c.certDir)
	if err != nil {
		return nil, err
	}
	authenticators, err := newAuthenticators(c)
	if err != nil {
		return nil, err
	}
	service, err := caserver.New(authority, cmd.DefaultMaxWorkloadCertTTL, authenticators, nil)
	if err != nil {
		return nil, err
	}
	tlsConfig, err := newTLSConfig(authority, c.trustDomain)
	if err != nil {
		return nil, err
	}
	grpcprom.EnableHandlingTimeHistogram()
	recordSize := func(int64) {}
	options := istiogrpc.ServerOptions(keepalive.DefaultOption(), recordSize, grpcprom.UnaryServerInterceptor)
	server := grpc.NewServer(append(options, grpc.Creds(credentials.NewTLS(tlsConfig)))...)
	service.Register(server)
	return server, nil
}

func newAuthority(certDir string) (*ca.IstioCA, error) {
	options, err := ca.NewPluggedCertIstioCAOptions(
		fileBundle(certDir), cmd.DefaultWorkloadCertTTL, cmd.DefaultMaxWorkloadCertTTL, rsaKeySize)
	if err != nil {
		return nil, err
	}
	return ca.NewIstioCA(options)
}

func newAuthenticators(c config) ([]security.Authenticator, error) {
	authenticators := []security.Authenticator{&authenticate.ClientCertAuthenticator{}}
	if c.jwks == "" {
		return authenticators, nil
	}
	url, err := serveJWKS(c.jwks)
	if err != nil {
		return nil, err
	}
	rule := &v1beta1.JWTRule{Issuer: c.issuer, JwksUri: url, Audiences: []string{c.audience}}
	mesh := meshwatcher.NewTestWatcher(&meshconfig.MeshConfig{TrustDomain: c.trustDomain})
	tokens, err := authenticate.NewJwtAuthenticator(rule, mesh)
	if err != nil {
		return nil, err
	}
	return append(authenticators, tokens), nil
}

// serveJWKS serves the file over HTTP on loopback for the life of the process, because istio fetches keys by URL only.
func serveJWKS(file string) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	return fmt.Sprintf("http://%s/jwks", listener.Addr()), nil
}

func newTLSConfig(authority *ca.IstioCA, trustDomain string) (*tls.Config, error) {
	chain, key, err := authority.GenKeyCert(servingNames, cmd.DefaultSelfSignedCACertTTL, false)
	if err != nil {
		return nil, fmt.Errorf("issue the serving certificate: %w", err)
	}
	certificate, err := tls.X509KeyPair(chain, key)
	if err != nil {
		return nil, err
	}
	verifier := spiffe.NewPeerCertVerifier()
	if err := verifier.AddMappingFromPEM(trustDomain, authority.GetCAKeyCertBundle().GetRootCertPem()); err != nil {
		return nil, err
	}
	return &tls.Config{
		GetCertificate:        func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return &certificate, nil },
		ClientAuth:            tls.VerifyClientCertIfGiven,
		ClientCAs:             verifier.GetGeneralCertPool(),
		VerifyPeerCertificate: verifier.VerifyPeerCert,
		MinVersion:            tls.VersionTLS12,
	}, nil
}
