package runtime

import (
	"sync"
)

// writeOp is one attempt to write without blocking. The function that RawConn wants is made once per object: a closure
// per write would be an allocation per write.
type writeOp struct {
	buf    []byte
	n      int
	err    error
	events int // written by this object since somebody last set it to 0
	call   func(fd uintptr) bool
}

var writeOps = sync.Pool{New: func() any {
	op := new(writeOp)
	op.call = op.once
	return op
}}

func newWriteOp() *writeOp { return writeOps.Get().(*writeOp) }

func (op *writeOp) free() {
	op.buf, op.n, op.err, op.events = nil, 0, nil, 0
	writeOps.Put(op)
}

// try writes what the socket takes at once.
func (op *writeOp) try(c *Conn, data []byte) (int, error) {
	if err := c.uc.f.inject("write"); err != nil {
		return 0, err
	}
	op.buf, op.n, op.err = data, 0, nil
	err := c.raw.Write(op.call)
	op.buf = nil
	if err == nil {
		err = op.err
	}
	return op.n, err
}

// writeFrames writes some of data, blocking until the socket takes at least a byte or the deadline passes.
func (c *Conn) writeFrames(data []byte) (int, error) {
	switch {
	case c.adopted:
		return c.writeAdopted(data)
	case c.raw != nil:
		return c.waitWrite(data)
	}
	return c.nc.Write(data[:min(len(data), blockingChunk)])
}
