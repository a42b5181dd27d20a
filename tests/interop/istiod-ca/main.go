// istiod-ca runs istio's own certificate authority, built from istio's packages and configured as istiod configures
// it, with nothing of istiod around it. Rootkeep is measured and tested against it.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
)

// config is what the command line says.
type config struct {
	address     string
	certDir     string
	caType      string
	jwks        string
	issuer      string
	audience    string
	trustDomain string
}

func parseFlags() config {
	var c config
	flag.StringVar(&c.address, "address", "127.0.0.1:0", "loopback address to serve TLS on; port 0 picks a free one")
	flag.StringVar(&c.certDir, "certs", "", "directory with ca-key.pem, ca-cert.pem, cert-chain.pem, root-cert.pem")
	flag.StringVar(&c.caType, "make-ca", "", "p256 or rsa2048: make the files in -certs first when they are missing")
	flag.StringVar(&c.jwks, "jwks", "", "file with the token issuer's JSON Web Key Set; empty: no tokens accepted")
	flag.StringVar(&c.issuer, "issuer", "https://kubernetes.default.svc", "iss of accepted tokens")
	flag.StringVar(&c.audience, "audience", "istio-ca", "aud of accepted tokens")
	flag.StringVar(&c.trustDomain, "trust-domain", "cluster.local", "trust domain of issued identities")
	flag.Parse()
	return c
}

func requireLoopback(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("address %q is not a loopback IP", address)
	}
	return nil
}

// run serves until SIGTERM or SIGINT. It prints one line, "port=<n>", when it is ready.
func run(c config) error {
	if err := requireLoopback(c.address); err != nil {
		return err
	}
	if err := makeCAFiles(c.certDir, c.caType); err != nil {
		return fmt.Errorf("make CA files: %w", err)
	}
	server, err := newServer(c)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.address)
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-stop
		server.Stop()
	}()
	fmt.Printf("port=%d\n", listener.Addr().(*net.TCPAddr).Port)
	return server.Serve(listener)
}

func main() {
	if err := run(parseFlags()); err != nil {
		fmt.Fprintln(os.Stderr, "istiod-ca:", err)
		os.Exit(1)
	}
}
