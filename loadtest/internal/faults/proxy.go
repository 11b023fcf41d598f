// Package faults is a TCP proxy on loopback that mistreats the connections that go
// through it, one by one and on demand: delay with jitter, bytes split into small
// writes, bytes that trickle, an end without a word, a reset, and a link on which
// nothing passes any more while both ends believe in it. It hands on bytes and
// knows nothing of what they mean.
package faults

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// Proxy hands on connections. Its methods are safe for concurrent use.
type Proxy struct {
	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)
	stop     context.Context
	cancel   context.CancelFunc
	all      sync.WaitGroup

	mu    sync.Mutex
	links map[string]*Link // by the address that the client dials from
}

// ErrClosed is returned once the proxy is closed.
var ErrClosed = errors.New("the proxy is closed")

// New starts a proxy in front of what dial connects to.
func New(dial func(ctx context.Context) (net.Conn, error)) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, dial: dial, links: map[string]*Link{}}
	p.stop, p.cancel = context.WithCancel(context.Background())
	p.all.Go(p.accept)
	return p, nil
}

func (p *Proxy) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.all.Go(func() { p.serve(conn) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	l := p.link(client.RemoteAddr().String())
	defer p.forget(client.RemoteAddr().String())
	server, err := p.dial(p.stop)
	if err != nil {
		reset(client)
		return
	}
	l.run(p.stop, client, server)
}

// Dial connects to the proxy and returns the link that the connection is on.
func (p *Proxy) Dial(ctx context.Context) (net.Conn, *Link, error) {
	if p.stop.Err() != nil {
		return nil, nil, ErrClosed
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", p.listener.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	return conn, p.link(conn.LocalAddr().String()), nil
}

// link finds or makes the link of a client's address: whoever comes first, the
// client's side or the proxy's.
func (p *Proxy) link(client string) *Link {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := p.links[client]
	if l == nil {
		l = newLink()
		p.links[client] = l
	}
	return l
}

func (p *Proxy) forget(client string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, client)
}

// Close ends every connection and waits for every goroutine.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.listener.Close()
	p.all.Wait()
	return err
}

// reset closes a connection so that the peer sees an error.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a socket that is gone needs none
	}
	_ = conn.Close() // likewise
}

// copyThrough reads from one side and gives the bytes to write.
func copyThrough(from io.Reader, write func([]byte) error) {
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 && write(buf[:n]) != nil {
			return
		}
		if err != nil {
			return
		}
	}
}
