// Package spire has tests that run spire-server and spire-agent, which this module builds as they are, with Rootkeep's
// plugins.
package spire
