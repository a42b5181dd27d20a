package main

import (
	"context"

	svidv1 "github.com/spiffe/spire-api-sdk/proto/spire/api/server/svid/v1"

	"rootkeep/tests/interop/spire/lab"
)

// requestsMade before a measurement: they are asked for in turn. spire-server remembers none.
const requestsMade = 1024

// mint has administrators on the server's own socket ask for X509-SVIDs, one a call.
func mint(l *lab.Lab, callers int, options options) result {
	servers := startServers(l)
	requests := csrs(l, "/minted", requestsMade)
	return servers.compare(options.rounds, func(server *lab.Server) float64 {
		return mintRate(l, server, requests, callers, options)
	})
}

func mintRate(l *lab.Lab, server *lab.Server, requests [][]byte, callers int, options options) float64 {
	clients := make([]svidv1.SVIDClient, callers)
	for i := range clients {
		connection := server.Dial()
		defer connection.Close()
		clients[i] = svidv1.NewSVIDClient(connection)
	}
	return run(l, callers, options.seconds, func(caller, i int) error {
		request := requests[(caller*31+i)%len(requests)]
		_, err := clients[caller].MintX509SVID(context.Background(), &svidv1.MintX509SVIDRequest{Csr: request})
		return err
	}).rate()
}
