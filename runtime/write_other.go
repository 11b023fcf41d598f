//go:build !unix

package runtime

import (
	"errors"
	"net"
	"syscall"
)

// rawConn says that there is no way to write without blocking: connections are then flushed by goroutines on demand.
func rawConn(net.Conn) syscall.RawConn { return nil }

func (op *writeOp) once(uintptr) bool {
	op.err = errors.ErrUnsupported
	return true
}

func (c *Conn) waitWrite([]byte) (int, error) { return 0, errors.ErrUnsupported }
