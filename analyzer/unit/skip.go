package unit

import (
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
	return !singleton.MayKeep(j.cfg.GoFiles)
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
