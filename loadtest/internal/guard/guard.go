// Package guard keeps a load test on the machine it was started on. Every address
// is resolved once, pinned for the whole run, and refused unless it is loopback or
// its host was allowed by name; redirects and proxy variables can't lead
// elsewhere, since all connections are made here.
package guard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// RefusedError says that an address is neither loopback nor allowed.
type RefusedError struct {
	Host string
	IP   string // where it leads, "" when the host is an address itself
}

func (e *RefusedError) Error() string {
	if e.IP == "" {
		return fmt.Sprintf("%s is not this machine", e.Host)
	}
	return fmt.Sprintf("%s is %s, which is not this machine", e.Host, e.IP)
}

// Resolver looks up the addresses of a host; net.DefaultResolver.LookupIPAddr is
// one.
type Resolver func(ctx context.Context, host string) ([]net.IPAddr, error)

// Guard pins addresses. Its methods are safe for concurrent use.
type Guard struct {
	allowed []string
	resolve Resolver
	dialer  net.Dialer
	sources atomic.Uint32 // loopback addresses whose ports are taken

	mu   sync.Mutex
	pins map[string][]string // host, lower case, to its addresses
}

// New returns a guard that lets through loopback and the hosts named. A nil
// resolver is the system's.
func New(allowed []string, resolve Resolver) *Guard {
	if resolve == nil {
		resolve = net.DefaultResolver.LookupIPAddr
	}
	g := &Guard{resolve: resolve, pins: map[string][]string{}, dialer: net.Dialer{Timeout: 10 * time.Second}}
	for _, host := range allowed {
		g.allowed = append(g.allowed, strings.ToLower(strings.Trim(host, "[]")))
	}
	return g
}

// Check resolves and pins the host of an address and refuses what is not allowed.
func (g *Guard) Check(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("%q is not an address with a host", address)
	}
	_, err = g.pin(ctx, u.Hostname())
	return err
}

func (g *Guard) pin(ctx context.Context, host string) ([]string, error) {
	host = strings.ToLower(host)
	g.mu.Lock()
	defer g.mu.Unlock()
	if addresses, ok := g.pins[host]; ok {
		return addresses, nil
	}
	addresses, err := g.lookUp(ctx, host)
	if err != nil {
		return nil, err
	}
	g.pins[host] = addresses
	return addresses, nil
}

func (g *Guard) lookUp(ctx context.Context, host string) ([]string, error) {
	allowed := slices.Contains(g.allowed, host)
	if ip := net.ParseIP(host); ip != nil {
		if !allowed && !ip.IsLoopback() {
			return nil, &RefusedError{Host: host}
		}
		return []string{host}, nil
	}
	found, err := g.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, one := range found {
		if !allowed && !one.IP.IsLoopback() {
			return nil, &RefusedError{Host: host, IP: one.IP.String()}
		}
		addresses = append(addresses, one.String())
	}
	if len(addresses) == 0 {
		return nil, fmt.Errorf("%s has no address", host)
	}
	return addresses, nil
}

// Dial connects to a host and port through its pin, trying each of its addresses.
func (g *Guard) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return g.dialWith(ctx, &g.dialer, network, address)
}

// DialSmall is Dial with a receive window so small that a reader who stops is
// felt by the server after a few kilobytes.
func (g *Guard) DialSmall(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := g.dialer
	dialer.Control = func(_, _ string, raw syscall.RawConn) error { return shrink(raw) }
	return g.dialWith(ctx, &dialer, network, address)
}

func (g *Guard) dialWith(ctx context.Context, dialer *net.Dialer, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := g.pin(ctx, host)
	if err != nil {
		return nil, err
	}
	var failed []error
	for _, one := range addresses {
		conn, err := g.dialFrom(ctx, *dialer, network, one, port)
		if err == nil {
			return conn, nil
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// Client returns an HTTP client that connects through the guard and knows no
// proxy. Connections are kept for reuse, up to perHost of them.
func (g *Guard) Client(perHost int, timeout time.Duration) *http.Client {
	return &http.Client{
		Timeout: timeout,
		Transport: &http.Transport{
			DialContext:         g.Dial,
			DialTLSContext:      g.dialTLS,
			MaxIdleConnsPerHost: perHost,
			MaxIdleConns:        perHost,
			IdleConnTimeout:     10 * time.Second,
			DisableCompression:  true,
		},
	}
}
