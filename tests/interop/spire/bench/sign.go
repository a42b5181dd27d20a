package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"time"

	"github.com/spiffe/spire/pkg/server/plugin/keymanager"

	"rootkeep/tests/interop/spire/host"
	"rootkeep/tests/interop/spire/lab"
)

// sign has one caller sign with a P-256 key through the plugin alone, by SPIRE's own client of it.
func sign(l *lab.Lab, options options) result {
	agent := l.StartKeyAgent("keys", "bench.*", l.NewSoftHSM("keys"))
	plugin := l.KeyManager(agent, "bench")
	var into keymanager.Repository
	host.Load(l, plugin, host.ServerKeyManager(&into))
	key, err := into.GetKeyManager().GenerateKey(context.Background(), "bench", keymanager.ECP256)
	if err != nil {
		l.Fatalf("no key: %v", err)
	}
	plugins := lab.ChildrenOf(os.Getpid(), plugin.Path)
	if len(plugins) != 1 {
		l.Fatalf("there are %d plugins", len(plugins))
	}
	var rates, medians, pluginTimes, agentTimes []float64
	for range options.rounds {
		pluginBefore, agentBefore := l.ProcessorTime(plugins[0]), l.ProcessorTime(agent.Pid())
		calls := 0
		measured := run(l, 1, options.seconds, func(_, i int) error {
			digest := sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)})
			calls++
			_, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
			return err
		})
		each := func(used time.Duration) float64 { return float64(used.Microseconds()) / float64(calls) }
		rates = append(rates, measured.rate())
		medians = append(medians, float64(measured.p50.Microseconds()))
		pluginTimes = append(pluginTimes, each(l.ProcessorTime(plugins[0])-pluginBefore))
		agentTimes = append(agentTimes, each(l.ProcessorTime(agent.Pid())-agentBefore))
	}
	return result{Rate: median(rates), P50us: median(medians), Plugin: median(pluginTimes), Agent: median(agentTimes)}
}
