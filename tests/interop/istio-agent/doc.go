// Package agent drives a running certificate authority with istio-agent's own client code: what fetches, rotates and
// stores a workload's certificate in a pod. The authority is named by environment variables (see target_test.go), so
// that the same tests hold Rootkeep and istiod to the same behaviour.
package agent
