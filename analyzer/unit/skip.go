package unit

import (
	"bytes"
	"os"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// skips decides from the configuration, and at most from the text of the files,
// that the package has neither findings nor facts: it belongs to somebody else, or
// it is only looked at for its facts, knows no socket library, has no facts below
// it, and has nothing in which connections could be kept.
func (j *job) skips() bool {
	if j.opts.full || j.cfg.typesInFacts() {
		return false
	}
	if j.cfg.foreign() {
		return true
	}
	if !j.cfg.VetxOnly || j.carriesFacts() {
		return false
	}
	for _, path := range j.cfg.ImportMap {
		if singleton.KnownLibrary(path) {
			return false
		}
	}
	return !j.keeps()
}

// carriesFacts reports whether a direct import said anything.
func (j *job) carriesFacts() bool {
	for _, name := range j.cfg.PackageVetx {
		if info, err := os.Stat(name); err != nil || info.Size() > 0 {
			return true
		}
	}
	return false
}

// containers are the words without which Go code keeps nothing under a key, sends
// on no channel and calls nobody back.
var containers = [][]byte{
	[]byte("map["), []byte("chan "), []byte("chan<-"), []byte("<-chan"), []byte("append("), []byte("sync."), []byte("list."),
	[]byte("atomic."), []byte("func("), []byte("any"), []byte("interface"),
}

func (j *job) keeps() bool {
	for _, name := range j.cfg.GoFiles {
		data, err := os.ReadFile(name)
		if err != nil {
			return true
		}
		for _, word := range containers {
			if bytes.Contains(data, word) {
				return true
			}
		}
	}
	return false
}
