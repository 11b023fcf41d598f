package guard

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// An address has some 28,000 ports to dial from. Where loopback is loaded there are
// more addresses: every one of 127.0.0.0/8 is this machine.

// maxSources bounds how many of them are tried for one connection.
const maxSources = 8

// source is the n-th address of this machine; nil for the first, which the system
// picks by itself.
func source(n uint32) net.Addr {
	if n == 0 {
		return nil
	}
	return &net.TCPAddr{IP: net.IPv4(127, byte(1+n>>16), byte(n>>8), byte(n))}
}

// dialFrom dials, from the next address of loopback when all ports of one are
// taken.
func (g *Guard) dialFrom(ctx context.Context, dialer net.Dialer, network, host, port string) (net.Conn, error) {
	ip := net.ParseIP(host)
	local := ip != nil && ip.IsLoopback() && ip.To4() != nil
	for try := 0; ; try++ {
		n := g.sources.Load()
		if local {
			dialer.LocalAddr = source(n)
		}
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort(host, port))
		if err == nil || !local || try == maxSources || !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return conn, err
		}
		g.sources.CompareAndSwap(n, n+1)
	}
}
