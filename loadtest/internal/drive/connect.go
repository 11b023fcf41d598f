package drive

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/faults"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// readyLimit is how long a server may take from the upgrade to its ready frame.
const readyLimit = 5 * time.Second

// apart is where the seats of sessions begin that continue no other.
const apart = 1 << 15

// lostAfter is the number of dials in a row that find nobody before the server
// counts as gone.
const lostAfter = 8

// claim is what a connection wants to continue by. Only a session's own latest
// token continues it; with any other the server may replay what was seen before.
type claim struct {
	token session
	own   bool
}

// connect opens a person's connection and waits until the session is bound. A
// connection that stands is left as it is. with is what it resumes by, nil for a
// plain connection.
func (d *Driver) connect(ctx context.Context, p *person, slot int, with *claim) (*conn, error) {
	if c := p.slot(slot); c.alive() {
		return c, nil
	}
	if err := d.enter(ctx, p); err != nil {
		return nil, err
	}
	device := d.device(p, slot)
	values := d.values(p, device)
	values.Room = d.roomOf(p)
	if with != nil {
		values.Session, values.Epoch, values.Since = with.token.session, with.token.epoch, with.token.since
	}
	var link *faults.Link
	began := d.now() // the server may close others for this one before the handshake is seen to end
	sock, err := d.open(withLink(ctx, &link), p, values, with != nil)
	if err != nil {
		return nil, d.dialled(err)
	}
	d.refused.Store(0)
	c := &conn{d: d, id: history.ConnID(d.nextID.conn.Add(1)), slot: slot, seat: uint16(slot), device: device, sock: sock, link: link, values: values,
		who: p, done: make(chan struct{}), ready: make(chan struct{})}
	c.watched = d.watch()
	if with != nil && !with.own {
		c.seat = apart + uint16(c.id)%apart
	}
	p.coming.Add(1)
	defer p.coming.Add(-1)
	d.conns.put(uint32(c.id), c)
	d.opened.Add(1)
	d.live.Add(1)
	d.checker.Feed(history.Event{Op: history.Open, Conn: c.id, At: began, Session: c.session(p)})
	if d.opts.Dial != nil || d.program.introduces() {
		c.introduce()
	}
	c.script(with)
	d.readers.Add(1)
	go c.read()
	if err := c.bound(ctx); err != nil {
		c.end(false)
		return nil, err
	}
	p.hold(slot, c)
	if with != nil && d.program.resume.frame != nil {
		c.sendText(d.program.resume.frame)
	}
	d.joinRooms(ctx, c)
	return c, nil
}

func (c *conn) session(p *person) history.Session {
	return history.Session{Principal: p.who, Device: c.seat, Epoch: p.nextEpoch()}
}

func (p *person) nextEpoch() uint32 {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.epoch++
	return p.epoch
}

func (p *person) slot(i int) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[i]
}

func (p *person) hold(i int, c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slots[i] = c
}

// open dials as the configuration, or the caller's own code, says.
func (d *Driver) open(ctx context.Context, p *person, v *tmpl.Values, resuming bool) (wire.Socket, error) {
	if d.opts.Dial != nil {
		return d.opts.Dial(ctx, p.id)
	}
	address, header, protocols, err := d.address(p, v, resuming)
	p.moveOn()
	if err != nil {
		return nil, err
	}
	dialer := d.dialers[0]
	switch {
	case d.setup.Compress:
		dialer = d.dialers[1]
	case d.setup.Small:
		dialer = d.dialers[2]
	case d.setup.Proxy:
		dialer = d.dialers[3]
	}
	return dialer.Open(ctx, address, header, protocols)
}

// node is the address that a person connects to next: people are spread over the
// nodes of a service, and who comes back comes to the next one.
func (d *Driver) node(p *person) *tmpl.Template {
	p.mu.Lock()
	defer p.mu.Unlock()
	nodes := d.program.targets
	return nodes[(p.seat()+p.dials)%len(nodes)]
}

func (p *person) moveOn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dials++
}

func (d *Driver) address(p *person, v *tmpl.Values, resuming bool) (string, http.Header, []string, error) {
	target, err := d.node(p).String(v)
	if err != nil {
		return "", nil, nil, err
	}
	u, err := url.Parse(target)
	if err != nil {
		return "", nil, nil, err
	}
	if h := d.opts.File.Handshake; h != nil && h.Path != "" && (u.Path == "" || u.Path == "/") {
		u.Path = h.Path
	}
	query, header := u.Query(), http.Header{}
	fill := func(from map[string]*tmpl.Template, set func(name, value string)) {
		for name, t := range from {
			value, failed := t.String(v)
			if failed != nil && err == nil {
				err = failed
			}
			set(name, value)
		}
	}
	fill(d.program.query, query.Set)
	fill(d.program.header, header.Set)
	cookies := p.jar()
	fill(d.program.cookie, func(name, value string) { cookies[name] = value })
	if r := d.program.resume; resuming && r != nil {
		fill(r.query, query.Set)
		fill(r.header, header.Set)
	}
	if len(cookies) > 0 {
		var pairs []string
		for name, value := range cookies {
			pairs = append(pairs, name+"="+value)
		}
		header.Set("Cookie", strings.Join(pairs, "; "))
	}
	protocols := make([]string, len(d.program.protocols))
	for i, t := range d.program.protocols {
		if protocols[i], err = orFirst(t, v, err); err != nil {
			break
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), header, protocols, err
}

func orFirst(t *tmpl.Template, v *tmpl.Values, err error) (string, error) {
	text, failed := t.String(v)
	if err != nil {
		return text, err
	}
	return text, failed
}

func (p *person) jar() map[string]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[string]string{}
	for name, value := range p.cookies {
		out[name] = value
	}
	return out
}

// dialled notes why a dial failed, and after enough failures that the server is
// gone.
func (d *Driver) dialled(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) && d.refused.Add(1) >= lostAfter {
		d.lost.Store(true)
	}
	return err
}

// script lets the reader go through the handshake: each expected frame leads to
// what is sent next, the last one binds the session.
func (c *conn) script(with *claim) {
	d := c.d
	steps := append([]step(nil), d.program.steps...)
	first := d.program.first
	if with != nil && d.program.resume.first != nil {
		first = d.program.resume.first
	}
	if first != nil {
		steps = append(steps, step{send: first})
	}
	if d.program.ready != nil {
		steps = append(steps, step{expect: d.program.ready})
	}
	c.advance(steps, with != nil && with.own)
}

// introduce notes, before it happens, that the server is told whose connection this
// is: from then on it may count as bound there, long before its answer is read here.
func (c *conn) introduce() {
	if c.introduced {
		return
	}
	c.introduced = true
	c.d.checker.Feed(history.Event{Op: history.Login, Conn: c.id, At: c.d.now(), Session: history.Session{Principal: c.who.who, Device: c.seat}})
}

func (c *conn) advance(steps []step, resumed bool) {
	for i, s := range steps {
		if s.send != nil {
			if s.send.Uses("user") || !slices.ContainsFunc(steps[i+1:], step.sends) {
				c.introduce()
			}
			c.sendText(s.send)
			continue
		}
		m, err := s.expect.with(c.values)
		if err != nil {
			c.d.problem(err.Error())
			return
		}
		last := i == len(steps)-1
		c.await(m, func([]byte) {
			if last && c.d.program.ready != nil {
				c.settled.Store(true)
			}
			c.advance(steps[i+1:], resumed)
		})
		return
	}
	p := c.person()
	c.d.checker.Feed(history.Event{Op: history.Bind, Conn: c.id, At: c.d.now(), Session: c.session(p), Resumed: resumed})
	close(c.ready)
}

// errNotReady says that the upgrade was accepted and nothing came of it.
var errNotReady = errors.New("the server accepted the connection but never sent the frame that ready describes")

func (c *conn) bound(ctx context.Context) error {
	timer := time.NewTimer(readyLimit)
	defer timer.Stop()
	select {
	case <-c.ready:
		return nil
	case <-c.done:
		select {
		case <-c.ready: // it was bound, and cut off at once
			return nil
		default:
		}
		return errors.New("the server closed the connection before it was ready")
	case <-timer.C:
		return errNotReady
	case <-ctx.Done():
		return ctx.Err()
	}
}

// abort begins a handshake and breaks it off before the answer.
func (d *Driver) abort(ctx context.Context, p *person) {
	if d.opts.Dial != nil {
		return
	}
	address, header, _, err := d.address(p, d.values(p, d.device(p, 0)), false)
	if err != nil {
		return
	}
	u, err := url.Parse(address)
	if err != nil {
		return
	}
	conn, err := d.opts.Guard.Dial(ctx, "tcp", wire.HostPort(u))
	if err != nil {
		return
	}
	header.Set("Upgrade", "websocket")
	header.Set("Connection", "Upgrade")
	header.Set("Sec-WebSocket-Version", "13")
	header.Set("Sec-WebSocket-Key", "d3NtaWcgbG9hZCB0ZXN0IQ==")
	u.Scheme = "http"
	req := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: header}
	_ = req.Write(conn) // a failure is as good an abort
	wire.Reset(conn)
}
