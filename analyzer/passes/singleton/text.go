package singleton

import (
	"bytes"
	"os"
)

// keepers are the words without which Go code keeps nothing under a key, sends on
// no channel and calls nobody back.
var keepers = [][]byte{
	[]byte("map["), []byte("chan "), []byte("chan<-"), []byte("<-chan"), []byte("append("), []byte("sync."), []byte("list."),
	[]byte("atomic."), []byte("func("),
}

// generated begins the line that marks files which no person wrote.
var generated = []byte("// Code generated ")

// MayKeep judges by their text whether Go files could hold a registry: people wrote
// one of them, and it has a word for keeping things. Files that cannot be read
// might.
func MayKeep(names []string) bool {
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return true
		}
		if bytes.HasPrefix(data, generated) || bytes.Contains(data[:min(len(data), 4096)], append([]byte("\n"), generated...)) {
			continue
		}
		for _, word := range keepers {
			if bytes.Contains(data, word) {
				return true
			}
		}
	}
	return false
}
