package main

import (
	"slices"
	"sync"
	"time"

	"rootkeep/tests/interop/spire/lab"
)

// load is what callers made of `seconds`.
type load struct {
	calls   int
	elapsed time.Duration
	p50     time.Duration
}

func (d load) rate() float64 { return float64(d.calls) / d.elapsed.Seconds() }

// run has `callers` call as often as they can; call gets the caller's number and that of its call. A fifth of the time
// goes before what counts, which is the calls that end in `duration`.
func run(l *lab.Lab, callers int, duration time.Duration, call func(caller, i int) error) load {
	start := time.Now().Add(duration / 5)
	end := start.Add(duration)
	latencies := make([][]time.Duration, callers)
	failures := make([]error, callers)
	var all sync.WaitGroup
	for caller := range callers {
		all.Go(func() {
			for i := 0; ; i++ {
				before := time.Now()
				if before.After(end) {
					return
				}
				if err := call(caller, i); err != nil {
					failures[caller] = err
					return
				}
				if after := time.Now(); after.After(start) && after.Before(end) {
					latencies[caller] = append(latencies[caller], after.Sub(before))
				}
			}
		})
	}
	all.Wait()
	for _, err := range failures {
		if err != nil {
			l.Fatalf("a call failed: %v", err)
		}
	}
	sorted := slices.Sorted(slices.Values(slices.Concat(latencies...)))
	if len(sorted) == 0 {
		l.Fatalf("not one call in %v", duration)
	}
	return load{calls: len(sorted), elapsed: duration, p50: sorted[len(sorted)/2]}
}

// side is what ours is set beside.
type side struct {
	name string
	rate func() float64
}

// compare has `ours` and the others run in turns, in changing order.
func compare(rounds int, ours func() float64, others ...side) result {
	sides := append([]side{{"", ours}}, others...)
	rates := make([][]float64, len(sides))
	for round := range rounds {
		for i := range sides {
			turn := (round + i) % len(sides)
			rates[turn] = append(rates[turn], sides[turn].rate())
		}
	}
	found := result{Rate: median(rates[0]), Beside: map[string]baseline{}}
	for i, other := range others {
		ratios := make([]float64, rounds)
		for round := range rounds {
			ratios[round] = rates[0][round] / rates[i+1][round]
		}
		found.Beside[other.name] = baseline{Rate: median(rates[i+1]), Ratio: median(ratios)}
	}
	return found
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}
