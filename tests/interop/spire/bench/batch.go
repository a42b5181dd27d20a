package main

import (
	"context"
	"errors"
	"time"

	svidv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/svid/v1"

	"rootkeep/tests/interop/spire/lab"
)

const (
	batchSize      = 50
	largeBatchSize = 500              // what an agent asks for at most
	agentLimit     = 30 * time.Second // that spire-agent gives an answer
	slowToken      = 20 * time.Millisecond
)

// batches has an attested agent ask for 50 X509-SVIDs a call, which is what real agents do. Rates are of SVIDs.
func batches(l *lab.Lab, callers int, options options) result {
	servers := startServers(l)
	nodes := map[*lab.Server]*node{}
	for _, server := range []*lab.Server{servers.ours, servers.memory, servers.external} {
		nodes[server] = attest(l, server, batchSize)
	}
	requests := csrs(l, "/ignored", batchSize)
	return servers.compare(options.rounds, func(server *lab.Server) float64 {
		return nodes[server].batchRate(requests, callers, options)
	})
}

func (n *node) batchRate(requests [][]byte, callers int, options options) float64 {
	clients := make([]svidv1.SVIDClient, callers)
	for i := range clients {
		connection := n.dial()
		defer connection.Close()
		clients[i] = svidv1.NewSVIDClient(connection)
	}
	measured := run(n.lab, callers, options.seconds, func(caller, _ int) error {
		return n.batch(clients[caller], requests)
	})
	return measured.rate() * float64(len(requests))
}

// batch asks for one SVID for each of the node's entries.
func (n *node) batch(client svidv1.SVIDClient, requests [][]byte) error {
	batch := &svidv1.BatchNewX509SVIDRequest{}
	for i, request := range requests {
		batch.Params = append(batch.Params, &svidv1.NewX509SVIDParams{EntryId: n.entries[i], Csr: request})
	}
	answer, err := client.BatchNewX509SVID(context.Background(), batch)
	if err != nil {
		return err
	}
	for _, one := range answer.Results {
		if one.Svid == nil {
			return errors.New(one.Status.GetMessage())
		}
	}
	return nil
}

// largeBatch has one agent ask for as much as an agent does, of a token that takes its time. spire-server signs one after
// the other.
func largeBatch(l *lab.Lab, _ options) result {
	keys := ourKeyManager(l, l.NewSlowSoftHSM("keys", slowToken))
	server := l.StartServer(lab.ServerOptions{UpstreamAuthority: l.NewRootFile("root").UpstreamAuthority(), KeyManager: keys})
	node := attest(l, server, largeBatchSize)
	requests := csrs(l, "/ignored", largeBatchSize)
	before := time.Now()
	if err := node.batch(svidv1.NewSVIDClient(node.dial()), requests); err != nil {
		l.Fatalf("the batch failed: %v", err)
	}
	took := time.Since(before)
	if took > agentLimit {
		l.Fatalf("the batch took %v, and spire-agent waits %v", took, agentLimit)
	}
	return result{Rate: largeBatchSize / took.Seconds(), Seconds: took.Seconds()}
}
