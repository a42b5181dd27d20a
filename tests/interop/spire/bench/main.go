// Command bench measures spire-server with Rootkeep's key manager beside its own "memory" key manager, in its process and
// in one of its own, and prints JSON. The servers are the same otherwise, run at the same time, and are asked in turns, so
// that a machine that gets slower does so for all.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"rootkeep/tests/interop/spire/lab"
)

// options of all measurements.
type options struct {
	seconds time.Duration // of one measurement
	rounds  int
}

// result as tests/bench/spire.py reads it. Rates and ratios are medians of the rounds' own.
type result struct {
	Rate    float64 `json:"rate"`              // a second
	Seconds float64 `json:"seconds,omitempty"` // one call took
	P50us   float64 `json:"p50_us,omitempty"`
	Plugin  float64 `json:"plugin_cpu_us,omitempty"` // processor time each
	Agent   float64 `json:"agent_cpu_us,omitempty"`

	Beside map[string]baseline `json:"beside,omitempty"` // by the baseline's name
}

// baseline is what the same gave without us, and the ratio to it.
type baseline struct {
	Rate  float64 `json:"rate"`
	Ratio float64 `json:"ratio"`
}

var measurements = map[string]func(l *lab.Lab, options options) result{
	"mint.c1":     func(l *lab.Lab, o options) result { return mint(l, 1, o) },
	"mint.c16":    func(l *lab.Lab, o options) result { return mint(l, 16, o) },
	"mint.c64":    func(l *lab.Lab, o options) result { return mint(l, 64, o) },
	"batch50.c1":  func(l *lab.Lab, o options) result { return batches(l, 1, o) },
	"batch50.c16": func(l *lab.Lab, o options) result { return batches(l, 16, o) },
	"sign.c1":     sign,
	"batch500":    largeBatch,
}

func main() {
	seconds := flag.Float64("seconds", 2, "of every measurement")
	rounds := flag.Int("rounds", 5, "of every comparison")
	flag.Parse()
	measure, known := measurements[flag.Arg(0)]
	if !known || flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "usage: bench [-seconds S] [-rounds N] NAME, one of", slices.Sorted(maps.Keys(measurements)))
		os.Exit(2)
	}
	run := &program{}
	found := measure(lab.New(run), options{time.Duration(*seconds * float64(time.Second)), *rounds})
	run.end()
	_ = json.NewEncoder(os.Stdout).Encode(found)
}
