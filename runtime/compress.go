package runtime

import (
	"bytes"
	"compress/flate"
	"sync"
)

// deflater compresses one message at a time from a clean start: with no context takeover nothing of one message, so
// nothing of one user, can show in the next.
type deflater struct {
	out bytes.Buffer
	w   *flate.Writer
}

var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	w, err := flate.NewWriter(&d.out, flate.BestSpeed)
	if err != nil { // the level is a constant that is accepted
		panic(err)
	}
	d.w = w
	return d
}}

// smallestPacked is the payload size from which compressing pays.
const smallestPacked = 64

// deflateTail is what a flush ends with and RFC 7692, section 7.2.1, takes off.
var deflateTail = []byte{0, 0, 0xff, 0xff}

// compress gives the frame for connections that agreed on permessage-deflate; it is made once per emission. Where
// compressing does not pay it is the plain frame.
func (sc *scratch) compress() []byte {
	payload := sc.payload()
	if len(payload) < smallestPacked {
		return sc.bytes()
	}
	if sc.packedOK {
		return sc.packed
	}
	d := deflaters.Get().(*deflater)
	defer deflaters.Put(d)
	d.out.Reset()
	d.w.Reset(&d.out)
	if _, err := d.w.Write(payload); err != nil {
		return sc.bytes()
	}
	if err := d.w.Flush(); err != nil {
		return sc.bytes()
	}
	packed := bytes.TrimSuffix(d.out.Bytes(), deflateTail)
	sc.packed = append(append(sc.packed[:0], make([]byte, maxHeader)...), packed...)
	opcode := sc.frame[sc.start]
	start := putHeader(sc.packed, maxHeader, opcode|bitRSV1, len(packed))
	sc.packed = sc.packed[:copy(sc.packed, sc.packed[start:])]
	sc.packedOK = true
	return sc.packed
}
