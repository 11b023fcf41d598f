package unit

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"

	"github.com/wsmig/wsmig/analyzer/passes/singleton"
)

// skips decides from the configuration, and at most from the text of the files and
// the heads of fact files, that the package has neither findings nor facts: it belongs
// to somebody else, or it is only looked at for its facts, leads to no socket
// library, and has nothing in which connections could be kept. It is the rule by
// which wsmig lint chooses what it reads besides what it was asked for.
func (j *job) skips() bool {
	if j.opts.full || j.cfg.typesInFacts() {
		return false
	}
	if j.cfg.foreign() {
		return true
	}
	return j.cfg.VetxOnly && !j.sockets && !singleton.MayKeep(j.cfg.GoFiles)
}

// reaching stands before the facts of a package that imports a socket library,
// directly or not, also where there are none. Other packages know of it by this alone,
// since the go command tells only of direct imports.
const reaching = "wsmig:sockets\n"

func (j *job) reaches() bool {
	for _, path := range j.cfg.ImportMap {
		if singleton.KnownLibrary(path) {
			return true
		}
	}
	for _, name := range j.cfg.PackageVetx {
		if saysReaching(name) {
			return true
		}
	}
	return false
}

// marked is what a fact file says: the facts, and whether the package leads to sockets.
func (j *job) marked(facts []byte) []byte {
	if !j.sockets {
		return facts
	}
	return append([]byte(reaching), facts...)
}

// saysReaching reads no more of a fact file than it must. A file that can't be read
// may say so.
func saysReaching(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer func() { _ = f.Close() }()
	start := head(f, 0, headSize)
	if bytes.HasPrefix(start, []byte(magic)) && len(start) == headSize {
		types := binary.LittleEndian.Uint32(start[len(magic):])
		return bytes.Equal(head(f, int64(headSize)+int64(types), len(reaching)), []byte(reaching))
	}
	return bytes.Equal(head(f, 0, len(reaching)), []byte(reaching))
}

// head is up to n bytes of a file from at on.
func head(f io.ReaderAt, at int64, n int) []byte {
	data := make([]byte, n)
	n, _ = f.ReadAt(data, at)
	return data[:n]
}
