package drive

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
	"github.com/wsmig/wsmig/loadtest/internal/wire"
)

// answerLimit is how long an acknowledgement may take; quiet is what stands for
// it when the configuration names none.
const (
	answerLimit = 2 * time.Second
	quiet       = 50 * time.Millisecond
)

// step does one thing of the plan.
func (d *Driver) step(ctx context.Context, st *plan.Step, intended time.Duration) {
	p := d.person(st.User)
	if p == nil {
		return
	}
	switch st.Op {
	case plan.Emit:
		d.emit(ctx, st, intended)
	case plan.Connect:
		d.arrive(ctx, p, st.Slot)
	case plan.Close, plan.Kill:
		d.leave(ctx, p.slot(st.Slot), st.Op == plan.Close)
	case plan.Abort:
		d.abort(ctx, p)
	case plan.Stall, plan.Heal:
		d.stall(p.slot(st.Slot), st.Op == plan.Stall)
	case plan.Disturb:
		d.disturb(p.slot(st.Slot), st.Fault)
	case plan.Logout:
		d.logout(ctx, p.slot(st.Slot))
	case plan.Relogin:
		d.relogin(ctx, p.slot(st.Slot), d.person(st.By))
	case plan.Revoke:
		d.revoke(ctx, p)
	case plan.Request:
		d.ask(p.slot(st.Slot), st.Number, intended)
	case plan.Resume:
		d.comeBack(ctx, p, st)
	case plan.Flood:
		d.flood(p.slot(st.Slot), st.Size)
	case plan.Leave:
		d.leaveRooms(ctx, p.slot(st.Slot))
	case plan.Join:
		if c := p.slot(st.Slot); c.alive() && c.left.Load() {
			d.joinRooms(ctx, c)
		}
	}
}

// arrive connects a person and waits until the server surely sends to the
// connection. A person who cannot connect stays away.
func (d *Driver) arrive(ctx context.Context, p *person, slot int) {
	if p.ghost || p.out() {
		return
	}
	c, err := d.connect(ctx, p, slot, nil)
	if err != nil {
		d.keptOut(ctx, p, err)
		return
	}
	d.prove(ctx, c)
}

func (p *person) out() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.barred != ""
}

// keptOut notes why a connection failed. Who was refused by the server's own word
// for an odd id, or after a revocation, is not tried again.
func (d *Driver) keptOut(ctx context.Context, p *person, err error) {
	if ctx.Err() != nil {
		return
	}
	var refused *wire.HandshakeError
	final := p.odd || p.wasRevoked() && errors.As(err, &refused)
	if p.odd {
		d.mu.Lock()
		d.skipped[p.id] = plainError(err)
		d.mu.Unlock()
	}
	if final {
		p.mu.Lock()
		p.barred = plainError(err)
		p.mu.Unlock()
		return
	}
	d.problem("a user could not connect: " + plainError(err))
}

func (p *person) wasRevoked() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.revoked
}

// leave ends a connection and waits until its reader is done, so that what follows
// is judged as coming after it.
func (d *Driver) leave(ctx context.Context, c *conn, orderly bool) {
	if c == nil || c.over.Load() {
		return
	}
	c.end(orderly)
	select {
	case <-c.done:
	case <-ctx.Done():
	case <-time.After(2 * closeGrace):
		c.end(false)
	}
}

// stall stops or resumes reading. The reader may be about to read one frame more.
func (d *Driver) stall(c *conn, stop bool) {
	if !c.alive() {
		return
	}
	if stop {
		gate := make(chan struct{})
		if c.gate.CompareAndSwap(nil, &gate) {
			c.watched.stop()
			c.feed(history.Fault, false)
		}
		return
	}
	c.watched.goOn(d.now())
	if c.open() {
		c.feed(history.Heal, false)
	}
}

// act performs an action for a connection's user: a frame on it, or a call.
func (d *Driver) act(ctx context.Context, a *action, c *conn, v *tmpl.Values) error {
	if a.frame != nil {
		text, err := a.frame.Render(v, nil)
		if err != nil {
			return err
		}
		return c.sock.Write(c.d.program.kind, text)
	}
	ready, err := a.call.prepare(v)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, hookLimit)
	defer cancel()
	req, err := ready.request(ctx, nil, nil)
	if err != nil {
		return err
	}
	status, _, _, err := do(d.client, req)
	if err == nil && status >= http.StatusMultipleChoices {
		err = fmt.Errorf("answered %d", status)
	}
	return err
}

// answer waits for what a frame brought about: true when it came, false when the
// connection ended or time ran out.
func answer(ctx context.Context, c *conn, came <-chan struct{}) bool {
	timer := time.NewTimer(answerLimit)
	defer timer.Stop()
	select {
	case <-came:
		return true
	case <-c.done:
		select {
		case <-came:
			return true
		default:
		}
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (d *Driver) logout(ctx context.Context, c *conn) {
	if !c.alive() {
		return
	}
	came := make(chan struct{})
	unbind := func([]byte) {
		c.feed(history.Unbind, false)
		close(came)
	}
	if d.program.logoutOK != nil && d.program.logout.frame != nil {
		c.await(d.program.logoutOK, unbind)
	}
	c.part(c.person())
	if err := d.act(ctx, d.program.logout, c, c.values); err != nil {
		d.problem("logout: " + plainError(err))
		return
	}
	switch {
	case d.program.logout.call != nil:
		unbind(nil)
	case d.program.logoutOK == nil:
		if d.workedOff(ctx, c.person()) {
			unbind(nil)
		}
	case !answer(ctx, c, came):
		c.forget()
		if c.alive() {
			d.problem("logout: no answer that matches logout.ack")
		}
	}
	c.settled.Store(false)
}

// relogin makes the connection another person's. A server that closes instead has
// refused, which is its right.
func (d *Driver) relogin(ctx context.Context, c *conn, to *person) {
	if !c.alive() || to == nil {
		return
	}
	from := c.person()
	to.coming.Add(1)
	defer to.coming.Add(-1)
	values := *d.values(to, c.device)
	came := make(chan struct{})
	rebind := func([]byte) {
		c.mu.Lock()
		c.who = to
		c.mu.Unlock()
		c.watched.renew()
		c.watched.goOn(d.now())
		c.joining.Store(&joining{})
		c.d.checker.Feed(history.Event{Op: history.Bind, Conn: c.id, At: d.now(), Session: c.session(to)})
		close(came)
	}
	ready, err := d.program.again.with(&values)
	if err != nil {
		d.problem(err.Error())
		return
	}
	if ready != nil {
		c.await(ready, rebind)
	}
	c.watched.stop() // whose events come before the answer is not known
	c.d.checker.Feed(history.Event{Op: history.Login, Conn: c.id, At: d.now(), Session: c.session(to)})
	if err := d.act(ctx, &action{frame: d.program.relogin}, c, &values); err != nil {
		return // the reader sees why
	}
	switch {
	case ready == nil && d.workedOff(ctx, to):
		rebind(nil)
	case ready == nil || !answer(ctx, c, came):
		if c.alive() {
			d.problem("relogin: no answer that matches relogin.ready")
			c.end(false) // it may still come, and nobody would know whose the connection is
		}
		return
	}
	if from != to {
		from.hold(c.slot, nil)
		to.adopt(c)
	}
}

// adopt puts a connection into a free slot.
func (p *person) adopt(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.slots {
		if !p.slots[i].alive() {
			p.slots[i] = c
			return
		}
	}
}

func (d *Driver) revoke(ctx context.Context, p *person) {
	c := p.anyConn()
	if !c.alive() {
		return
	}
	came := make(chan struct{})
	done := func([]byte) {
		d.checker.Feed(history.Event{Op: history.Revoke, At: d.now(), Session: history.Session{Principal: p.who}})
		close(came)
	}
	if d.program.revoke.frame != nil && d.program.revokeOK != nil {
		c.await(d.program.revokeOK, done)
	}
	p.mu.Lock()
	p.revoked = true
	p.mu.Unlock()
	p.part()
	if err := d.act(ctx, d.program.revoke, c, c.values); err != nil {
		d.problem("revoke: " + plainError(err))
		return
	}
	switch {
	case d.program.revoke.call != nil:
		done(nil)
	case d.program.revokeOK == nil:
		if d.workedOff(ctx, p) {
			done(nil)
		}
	case !answer(ctx, c, came):
		c.forget()
	}
	c.settled.Store(false)
}

// part makes nothing due to the person any more.
func (p *person) part() {
	p.mu.Lock()
	slots := p.slots
	p.mu.Unlock()
	for _, c := range slots {
		if c.alive() && c.person() == p {
			c.part(p)
		}
	}
}

func (c *conn) part(p *person) {
	c.parting.Store(true)
	c.watched.late()
	c.d.checker.Feed(history.Event{Op: history.Leaving, Conn: c.id, At: c.d.now(), Session: history.Session{Principal: p.who}})
}

// ask sends a request whose answer belongs to this connection alone.
func (d *Driver) ask(c *conn, number uint64, intended time.Duration) {
	if !c.alive() {
		return
	}
	p := c.person()
	s, err := d.stream(laneKey{emitter: plan.None, to: p.index, by: p.index, slot: c.slot, conn: c.id})
	if err != nil {
		d.problem(err.Error())
		return
	}
	values := *c.values
	values.ID = fmt.Sprintf("r-%d", number)
	if !d.setup.Same {
		values.ID = fmt.Sprintf("r-%d-%d", p.who, number)
	}
	if d.program.replyID != nil {
		if text, err := d.program.replyID.Render(&values, nil); err == nil {
			c.expectAnswer(text)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d.soil(s)
	s.seq++
	fill, _ := s.fillers(d.opts.Key, s.seq, 0)
	text, err := d.program.request.Render(&values, func(field uint8) string { return string(fill(nil, field)) })
	if err != nil {
		d.problem(err.Error())
		s.seq--
		return
	}
	due := d.due(s)
	d.through(s, c)
	d.checker.Feed(history.Event{Op: history.Emit, StreamID: s.id, Seq: s.seq, At: d.now(), Intended: intended, Conn: c.id})
	op := history.Sent
	if c.sock.Write(c.d.program.kind, text) != nil {
		op = history.Unknown
	}
	d.finish(s, s.seq, op, due)
	if !c.alive() {
		d.doubt(s)
	}
}

const maxAsked = 64

func (c *conn) expectAnswer(id []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asked) == maxAsked {
		c.asked = c.asked[1:]
	}
	c.asked = append(c.asked, id)
	c.alert.Store(true)
}

// comeBack opens a connection with a session's token: the person's own, an older
// one, or somebody else's.
func (d *Driver) comeBack(ctx context.Context, p *person, st *plan.Step) {
	if p.out() {
		return
	}
	owner := d.person(st.By)
	owner.mu.Lock()
	with := claim{owner.token, owner == p && !st.Stale}
	if st.Stale && owner.stale != (session{}) {
		with.token = owner.stale
	}
	owner.mu.Unlock()
	c, err := d.connect(ctx, p, st.Slot, &with)
	if err != nil {
		return // a server may well refuse
	}
	d.prove(ctx, c)
}

func (d *Driver) flood(c *conn, n int) {
	for range n {
		if !c.alive() || c.sock.Write(wire.Ping, []byte("wsmig")) != nil {
			return
		}
	}
}
