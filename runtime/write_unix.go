//go:build unix

package runtime

import (
	"net"
	"syscall"
)

// rawConn gives the way to write without blocking, for exactly the types whose Write is a write to the descriptor: a
// type that embeds one of them may do anything in its own Write.
func rawConn(nc net.Conn) syscall.RawConn {
	var sc syscall.Conn
	switch nc := nc.(type) {
	case *net.TCPConn:
		sc = nc
	case *net.UnixConn:
		sc = nc
	default:
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// once writes until the socket takes no more; it always says that it is done, so that RawConn does not wait.
func (op *writeOp) once(fd uintptr) bool {
	for op.n < len(op.buf) {
		n, err := syscall.Write(int(fd), op.buf[op.n:])
		if n > 0 {
			op.n += n
		}
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return true
		case err != nil:
			op.err = err
			return true
		}
	}
	return true
}

// waitWrite parks the goroutine until the socket takes something.
func (c *Conn) waitWrite(data []byte) (n int, err error) {
	var werr error
	err = c.raw.Write(func(fd uintptr) bool {
		for {
			n, werr = syscall.Write(int(fd), data)
			if werr == syscall.EINTR {
				continue
			}
			if werr == syscall.EAGAIN {
				werr = nil
				return false
			}
			return true
		}
	})
	n = max(n, 0)
	if err == nil {
		err = werr
	}
	return n, err
}
