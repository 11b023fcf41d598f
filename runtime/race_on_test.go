//go:build race

package runtime_test

// raced says that the race detector is on: it makes everything ten times as slow, and sync.Pool forgetful on purpose.
const raced = true
