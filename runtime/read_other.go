//go:build !unix

package runtime

// readNow is never asked: without a raw descriptor nobody looks.
func readNow(uintptr, []byte) (int, error) { return 0, errNothingYet }
