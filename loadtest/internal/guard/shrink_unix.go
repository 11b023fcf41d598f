//go:build unix

package guard

import "syscall"

const smallWindow = 4096

func shrink(raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, smallWindow)
	})
	if err != nil {
		return err
	}
	return failed
}
