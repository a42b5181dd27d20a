package spire

import (
	"context"
	"sync"
	"testing"
	"time"

	svidv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/svid/v1"

	"rootkeep/tests/interop/spire/lab"
)

// Workloads that start together, as after a power cut: none may be turned away.
const (
	burst       = 1000
	connections = 50
)

func TestThousandSVIDsAtOnce(t *testing.T) {
	t.Parallel()
	l := lab.New(t)
	keys := l.StartKeyAgent("server-keys", serverInstance+".*", l.NewSoftHSM("keys"))
	server := l.StartServer(lab.ServerOptions{UpstreamAuthority: l.NewRootFile("root").UpstreamAuthority(),
		KeyManager: l.KeyManager(keys, serverInstance).Block()})
	var minters [connections]svidv1.SVIDClient
	for i := range minters {
		minters[i] = svidv1.NewSVIDClient(server.Dial())
	}
	request := &svidv1.MintX509SVIDRequest{Csr: svidRequest(t)}
	failures := make([]error, burst)
	before := time.Now()
	var all sync.WaitGroup
	for i := range failures {
		all.Go(func() { _, failures[i] = minters[i%connections].MintX509SVID(context.Background(), request) })
	}
	all.Wait()
	t.Logf("%d SVIDs in %v", burst, time.Since(before))
	for _, err := range failures {
		if err != nil {
			t.Fatal(err)
		}
	}
}
