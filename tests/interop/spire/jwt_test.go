package spire

import (
	"context"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"

	"rootkeep/tests/interop/spire/lab"
)

// A workload's token is signed in the server's token, and good by the keys that the agent hands out.
func TestWorkloadGetsAJWTSVID(t *testing.T) {
	t.Parallel()
	d := newDomain(t, lab.ServerOptions{})
	id := d.addWorkload()
	waitForSVID(d.Lab, d.agent, id, nil)
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	address := workloadapi.WithAddr("unix://" + d.agent.Socket())
	svid, err := workloadapi.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "test", Subject: spiffeid.RequireFromString(id)}, address)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := workloadapi.FetchJWTBundles(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jwtsvid.ParseAndValidate(svid.Marshal(), keys, []string{"test"}); err != nil {
		t.Errorf("go-spiffe refuses the token: %v", err)
	}
	if _, err := jwtsvid.ParseAndValidate(svid.Marshal(), keys, []string{"another"}); err == nil {
		t.Error("go-spiffe takes a token for another audience")
	}
}
