package drive

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/wsmig/wsmig/loadtest/internal/faults"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// proxies are started as they are needed, one in front of each address.
type proxies struct {
	mu sync.Mutex
	of map[string]*faults.Proxy
}

// linkKey leads from a dial's context to where the link belongs.
type linkKey struct{}

func withLink(ctx context.Context, link **faults.Link) context.Context {
	return context.WithValue(ctx, linkKey{}, link)
}

// dialProxy connects through the proxy of an address.
func (d *Driver) dialProxy(ctx context.Context, network, address string) (net.Conn, error) {
	p, err := d.proxy(network, address)
	if err != nil {
		return nil, err
	}
	conn, link, err := p.Dial(ctx)
	if into, ok := ctx.Value(linkKey{}).(**faults.Link); ok && err == nil {
		*into = link
	}
	return conn, err
}

func (d *Driver) proxy(network, address string) (*faults.Proxy, error) {
	d.proxies.mu.Lock()
	defer d.proxies.mu.Unlock()
	if p := d.proxies.of[address]; p != nil {
		return p, nil
	}
	p, err := faults.New(func(ctx context.Context) (net.Conn, error) { return d.opts.Guard.Dial(ctx, network, address) })
	if err != nil {
		return nil, err
	}
	if d.proxies.of == nil {
		d.proxies.of = map[string]*faults.Proxy{}
	}
	d.proxies.of[address] = p
	return p, nil
}

func (p *proxies) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, one := range p.of {
		_ = one.Close() // its listener was ours alone
	}
}

// faults are those that the configuration wants, or all.
func (d *Driver) faults() (out []plan.Fault) {
	names := d.opts.File.Load.Faults
	if len(names) == 0 {
		names = plan.FaultNames()
	}
	for _, name := range names {
		if f := plan.FindFault(name); f != 0 {
			out = append(out, f)
		}
	}
	return out
}

// How faults that lose nothing are dosed: felt, and over within a fence's patience.
const (
	faultDelay  = 20 * time.Millisecond
	faultJitter = 30 * time.Millisecond
	faultSplit  = 3
	faultPace   = 16 << 10 // bytes a second
)

// disturb mistreats a connection. One that is cut ends by our will, so that only
// what was under way on it may be lost; one that is half open is left out of what
// is due, as a reader is who has stopped.
func (d *Driver) disturb(c *conn, fault plan.Fault) {
	if !c.alive() || c.link == nil {
		return
	}
	switch fault {
	case plan.Delay:
		c.link.Set(faults.Fault{Delay: faultDelay, Jitter: faultJitter})
	case plan.SplitUp:
		c.link.Set(faults.Fault{Split: faultSplit})
	case plan.SlowLoris:
		c.link.Set(faults.Fault{Pace: faultPace})
	case plan.Dropped:
		c.planned.Store(true)
		c.link.Drop()
	case plan.Reset:
		c.planned.Store(true)
		c.link.Reset()
	case plan.HalfOpen:
		d.stall(c, true)
		c.link.Freeze()
	}
}
