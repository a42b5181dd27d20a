package agent

import (
	"strings"
	"testing"
	"time"

	"istio.io/istio/pkg/security"
	"istio.io/istio/security/pkg/nodeagent/caclient/providers/citadel"
	"istio.io/istio/security/pkg/pki/util"
)

// refused asks once, as the agent does, and requires an error with these words.
func (c target) refused(t *testing.T, want string) {
	t.Helper()
	csr, _ := c.csr(t, util.P256Curve)
	_, err := c.client(t, c.options(), citadel.TLSOptions{}).CSRSign(csr, int64(certificateTTL.Seconds()))
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want %q", err, want)
	}
}

// The token names another node than the one that carries it, or none carries it.
func TestRelayOfAnotherNodeIsRefused(t *testing.T) {
	theTarget(t).refused(t, "code = PermissionDenied desc = request authenticate failure")
}

// A client's certificate does not get past the relay, so it answers for nobody; see TestRenewalByCertificate.
func TestRelayTakesNoCertificate(t *testing.T) {
	c := theTarget(t)
	manager := c.managerWithCertificate(t)
	_, err := manager.GenerateSecret(security.WorkloadKeyCertResourceName)
	if err == nil || !strings.Contains(err.Error(), "code = Unauthenticated") {
		t.Fatalf("got %v", err)
	}
}

// Each attempt is answered at once, and the agent tries some more before it gives up.
func TestRelayWithoutItsCA(t *testing.T) {
	begin := time.Now()
	theTarget(t).refused(t, "code = Unavailable")
	if took := time.Since(begin); took > patience {
		t.Errorf("it took %v", took)
	}
}
