// Package runtimetest helps to test code that delivers through the runtime: connections without a network, a recorder
// of what a user received, and a check that nothing is left behind.
package runtimetest
