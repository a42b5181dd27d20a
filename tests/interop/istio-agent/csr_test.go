package agent

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"strings"
	"testing"

	"istio.io/istio/security/pkg/nodeagent/caclient/providers/citadel"
	"istio.io/istio/security/pkg/pki/util"
)

// csr makes a request with istio's own code; an empty curve means RSA-2048, the agent's default.
func (c target) csr(t *testing.T, curve util.SupportedEllipticCurves) (csr []byte, key crypto.Signer) {
	t.Helper()
	options := util.CertOptions{Host: c.identity.String(), RSAKeySize: 2048}
	if curve != "" {
		options.ECSigAlg = util.EcdsaSigAlg
		options.ECCCurve = curve
	}
	csr, keyPEM, err := util.GenCSR(options)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := util.ParsePemEncodedKey(keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return csr, parsed.(crypto.Signer)
}

func sameKey(t *testing.T, certificate *x509.Certificate, key crypto.Signer) bool {
	t.Helper()
	want, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(certificate.RawSubjectPublicKeyInfo, want)
}

func TestCSRSignAnswersWithOneCertificateAnElementAndTheBundleLast(t *testing.T) {
	c := theTarget(t)
	for name, curve := range map[string]util.SupportedEllipticCurves{
		"rsa2048": "", "p256": util.P256Curve, "p384": util.P384Curve,
	} {
		t.Run(name, func(t *testing.T) {
			csr, key := c.csr(t, curve)
			elements, err := c.client(t, c.options(), citadel.TLSOptions{}).CSRSign(csr, int64(certificateTTL.Seconds()))
			if err != nil {
				t.Fatal(err)
			}
			var chain []*x509.Certificate
			for _, element := range elements[:len(elements)-1] {
				certificates := parsePEM(t, []byte(element))
				if len(certificates) != 1 || !strings.HasSuffix(element, "\n") {
					t.Errorf("an element is not one certificate and a line break: %q", element)
				}
				chain = append(chain, certificates...)
			}
			bundle := elements[len(elements)-1]
			if !bytes.Equal(parsePEM(t, []byte(bundle))[0].Raw, parsePEM(t, c.rootPEM(t))[0].Raw) {
				t.Error("the last element does not begin with the expected root")
			}
			leaf := c.verifyChain(t, chain, []byte(bundle))
			if !sameKey(t, leaf, key) {
				t.Error("the certificate is for another key")
			}
		})
	}
}

func TestServerIsReachedByTheNameIstioExpects(t *testing.T) {
	c := theTarget(t).localhost(t)
	csr, _ := c.csr(t, util.P256Curve)
	if _, err := c.client(t, c.options(), citadel.TLSOptions{}).CSRSign(csr, int64(certificateTTL.Seconds())); err != nil {
		t.Fatal(err)
	}
}

func TestRefusals(t *testing.T) {
	c := theTarget(t)
	goodCSR, _ := c.csr(t, util.P256Curve)
	ttl := int64(certificateTTL.Seconds())
	for name, test := range map[string]struct {
		token string // empty: the good one
		csr   []byte
		ttl   int64
		want  string
	}{
		"no token":      {token: " ", csr: goodCSR, ttl: ttl, want: "code = Unauthenticated"},
		"forged token":  {token: "eyJhbGciOiJub25lIn0.e30.", csr: goodCSR, ttl: ttl, want: "code = Unauthenticated"},
		"no CSR":        {csr: []byte("dumb CSR"), ttl: ttl, want: "code = InvalidArgument"},
		"lifetime":      {csr: goodCSR, ttl: 10 * 365 * 24 * 3600, want: "code = InvalidArgument"},
		"both":          {token: "x", csr: []byte("dumb CSR"), ttl: ttl, want: "code = Unauthenticated"},
		"damaged proof": {csr: damage(t, goodCSR), ttl: ttl, want: "code = InvalidArgument"},
	} {
		t.Run(name, func(t *testing.T) {
			refused := c
			if test.token != "" {
				refused.token = writeToken(t, test.token)
			}
			_, err := refused.client(t, refused.options(), citadel.TLSOptions{}).CSRSign(test.csr, test.ttl)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q", err, test.want)
			}
		})
	}
}

// damage changes the end of the CSR, which is its signature.
func damage(t *testing.T, csr []byte) []byte {
	t.Helper()
	request, err := util.ParsePemEncodedCSR(csr)
	if err != nil {
		t.Fatal(err)
	}
	raw := bytes.Clone(request.Raw)
	raw[len(raw)-1] ^= 1
	return encodeCSR(raw)
}
