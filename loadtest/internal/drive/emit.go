package drive

import (
	"context"
	"fmt"
	"os/exec"
	"time"

	"github.com/wsmig/wsmig/loadtest/history"
	"github.com/wsmig/wsmig/loadtest/internal/plan"
)

// hookLimit bounds what is not a socket's write: calls, processes, Go code.
const hookLimit = 10 * time.Second

// emission is what one event needs beside its stream.
type emission struct {
	via      *conn // nil: not over a connection
	size     int
	shape    plan.Shape
	intended time.Duration
}

// emit sends one step's event and returns its stream and number; no stream when
// nobody was there to send it.
func (d *Driver) emit(ctx context.Context, st *plan.Step, intended time.Duration) (*stream, uint64) {
	key := laneKey{emitter: st.Emitter, to: st.User, by: st.By}
	e := d.program.emitters[st.Emitter]
	if !d.person(st.User).welcome(e) {
		return nil, 0
	}
	out := emission{size: min(st.Size, e.most), shape: st.Shape, intended: intended}
	if e.frame != nil {
		sender := d.person(st.By)
		if sender == nil {
			return nil, 0
		}
		if out.via = sender.anyConn(); !out.via.alive() {
			return nil, 0
		}
		if e.audience == "reply" {
			key.conn = out.via.id
		}
	} else {
		key.by = plan.None
	}
	s, err := d.stream(key)
	if err != nil {
		d.problem(err.Error())
		return nil, 0
	}
	return s, d.send(ctx, s, out)
}

// anyConn is a connection to send over: the main one if it stands. Over one that
// was logged out, or lost its rights, a server need not take anything.
func (p *person) anyConn() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.slots {
		if c.alive() && !c.parting.Load() && c.person() == p {
			return c
		}
	}
	return nil
}

// send emits the stream's next event and returns its number.
func (d *Driver) send(ctx context.Context, s *stream, out emission) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.soil(s)
	s.seq++
	seq := s.seq
	d.through(s, out.via)
	event := history.Event{Op: history.Emit, StreamID: s.id, Seq: seq, Intended: out.intended}
	op, sent, due := history.Unsent, false, 0
	begin := func() {
		if out.via != nil {
			event.Conn = out.via.id
		}
		event.At, sent = d.now(), true
		d.checker.Feed(event)
		// Only now: whoever comes from here on is owed nothing of it.
		if out.via == nil || !out.via.tried.Load() {
			due = d.due(s)
		}
	}
	var err error
	switch {
	case s.frame != nil:
		op, err = d.sendFrame(s, seq, out, begin)
	case s.call != nil:
		op, err = d.sendCall(ctx, s, seq, out.size, begin)
	case len(s.args) > 0:
		op, err = d.sendProcess(ctx, s, seq, begin)
	default:
		op, err = d.sendHook(ctx, s, seq, begin)
	}
	if err != nil {
		d.problem("an event could not be sent: " + plainError(err))
	}
	if !sent {
		begin()
	}
	d.finish(s, seq, op, due)
	if out.via != nil && !out.via.alive() {
		d.doubt(s)
	}
	return seq
}

// through remembers over which connection a stream's events go out.
func (d *Driver) through(s *stream, via *conn) {
	if before := s.via.Load(); via == nil || before == via {
		return
	} else if before != nil {
		d.doubt(s)
	}
	s.via.Store(via)
	via.mu.Lock()
	defer via.mu.Unlock()
	via.sends = append(via.sends, s)
}

// doubt excuses what a stream has under way: it went out over a connection that is
// gone, and may have been lost with it, unread.
func (d *Driver) doubt(s *stream) {
	for _, seq := range s.tally.forgive() {
		d.checker.Feed(history.Event{Op: history.Unknown, StreamID: s.id, Seq: seq, At: d.now()})
	}
}

// finish tells the checker how the sending went. What was sent while nobody was
// surely there to receive may arrive or not.
func (d *Driver) finish(s *stream, seq uint64, op history.Op, due int) {
	if op == history.Sent && due == 0 {
		op = history.Unknown
	}
	switch {
	case op != history.Sent:
	case s.many:
		s.open.Store(true)
	default:
		s.tally.owe(seq)
	}
	d.checker.Feed(history.Event{Op: op, StreamID: s.id, Seq: seq, At: d.now()})
}

// soil marks a stream as one that the next fence must look at.
func (d *Driver) soil(s *stream) {
	if s.dirty.Swap(true) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dirty = append(d.dirty, s)
}

func (d *Driver) sendFrame(s *stream, seq uint64, out emission, begin func()) (history.Op, error) {
	fill, _ := s.fillers(d.opts.Key, seq, out.size)
	var err error
	if s.buf, err = s.frame.Append(s.buf[:0], fill); err != nil {
		return history.Unsent, err
	}
	begin()
	if out.shape != (plan.Shape{}) {
		err = out.via.sock.WritePieces(d.program.kind, s.buf, fragment(out.shape, len(s.buf)), out.shape.Segment)
	} else {
		err = out.via.sock.Write(d.program.kind, s.buf)
	}
	if cap(s.buf) > maxKept {
		s.buf = nil
	}
	if err != nil {
		return history.Unknown, nil // the reader sees why
	}
	return history.Sent, nil
}

const maxKept = 4 << 10

func fragment(shape plan.Shape, whole int) int {
	if shape.Fragment == 0 {
		return whole
	}
	return shape.Fragment
}

func (d *Driver) sendCall(ctx context.Context, s *stream, seq uint64, size int, begin func()) (history.Op, error) {
	fill, short := s.fillers(d.opts.Key, seq, size)
	if s.call.call.kind != "application/json" {
		fill = short
	}
	whole := ctx
	ctx, cancel := context.WithTimeout(ctx, hookLimit)
	defer cancel()
	req, err := s.call.request(ctx, fill, short)
	if err != nil {
		return history.Unsent, err
	}
	begin()
	began := d.now()
	status, _, _, err := do(d.client, req)
	switch {
	case whole.Err() != nil:
		d.waiting.add(began, d.now()-began) // at least as long as this
		return history.Unknown, nil
	case err != nil && ctx.Err() != nil:
		d.unanswered.Add(1)
		return history.Unknown, err
	case err != nil:
		return history.Unknown, d.dialled(err)
	case status >= 300:
		if !d.person(s.key.to).ghost && d.person(s.key.to).connected() {
			d.problem(fmt.Sprintf("%s answered %d", s.spec.Name, status))
		}
		return history.Unsent, nil
	}
	return history.Sent, nil
}

func (d *Driver) sendProcess(ctx context.Context, s *stream, seq uint64, begin func()) (history.Op, error) {
	_, short := s.fillers(d.opts.Key, seq, 0)
	args := make([]string, len(s.args))
	for i, p := range s.args {
		text, err := p.Append(nil, short)
		if err != nil {
			return history.Unsent, err
		}
		args[i] = string(text)
	}
	ctx, cancel := context.WithTimeout(ctx, hookLimit)
	defer cancel()
	begin()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) // the user's own command, behind --allow-exec
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		return history.Unknown, fmt.Errorf("%s: %w", args[0], err)
	}
	return history.Sent, nil
}

func (d *Driver) sendHook(ctx context.Context, s *stream, seq uint64, begin func()) (history.Op, error) {
	_, short := s.fillers(d.opts.Key, seq, 0)
	ctx, cancel := context.WithTimeout(ctx, hookLimit)
	defer cancel()
	begin()
	e := d.program.emitters[s.key.emitter]
	if err := e.hook(ctx, d.person(s.key.to).id, string(short(nil, 0))); err != nil {
		if ctx.Err() != nil {
			return history.Unknown, err
		}
		return history.Unsent, nil
	}
	return history.Sent, nil
}
