package history_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/wsmig/wsmig/loadtest/canary"
	"github.com/wsmig/wsmig/loadtest/history"
)

// play is a random history of a correct server: what it delivers is always
// allowed. Its steps are kept, so that one can be broken and the whole be judged
// again.
type play struct {
	rt     *rapid.T
	events []history.Event
	users  int
	now    time.Duration
	seq    map[history.StreamID]uint64
	tabs   map[history.PrincipalID][]*tab
	next   history.ConnID
}

type tab struct {
	conn    history.ConnID
	session history.Session
	due     []canary.Mark // what this connection is still to receive
}

func (p *play) add(e history.Event) {
	p.now += time.Duration(rapid.IntRange(0, 2000).Draw(p.rt, "pause")) * time.Microsecond
	e.At = p.now
	p.events = append(p.events, e)
}

// newPlay plans a stream for each user and connects everybody.
func newPlay(rt *rapid.T) *play {
	p := &play{rt: rt, users: rapid.IntRange(2, 5).Draw(rt, "users"), seq: map[history.StreamID]uint64{}, tabs: map[history.PrincipalID][]*tab{}}
	for i := 1; i <= p.users; i++ {
		id := history.PrincipalID(i)
		p.add(history.Event{Op: history.Plan, Stream: &history.Stream{ID: history.StreamID(i), Owner: id, Audience: history.Audience{Kind: history.ToPrincipal, Principal: id}}})
		p.open(id, 0)
	}
	return p
}

func (p *play) open(id history.PrincipalID, device uint16) {
	p.next++
	t := &tab{conn: p.next, session: history.Session{Principal: id, Device: device}}
	p.tabs[id] = append(p.tabs[id], t)
	p.add(history.Event{Op: history.Open, Conn: t.conn, Session: t.session})
	p.add(history.Event{Op: history.Bind, Conn: t.conn, Session: t.session})
}

// emit sends to one user, sometimes with a trigger that fails or hangs.
func (p *play) emit(id history.PrincipalID) canary.Mark {
	stream := history.StreamID(id)
	p.seq[stream]++
	m := canary.Mark{Owner: uint32(id), Stream: uint32(stream), Seq: p.seq[stream]}
	p.add(history.Event{Op: history.Emit, StreamID: stream, Seq: m.Seq})
	op := rapid.SampledFrom([]history.Op{history.Sent, history.Sent, history.Sent, history.Sent, history.Unknown, history.Unsent}).Draw(p.rt, "trigger")
	p.add(history.Event{Op: op, StreamID: stream, Seq: m.Seq})
	if op != history.Unsent {
		for _, t := range p.tabs[id] {
			t.due = append(t.due, m)
		}
	}
	return m
}

func (p *play) deliver(t *tab, n int) {
	n = min(n, len(t.due))
	if n == 0 {
		return
	}
	frame := []byte(`{"batch":["`)
	for _, m := range t.due[:n] {
		frame = append(key.Append(frame, m), `","`...)
		if rapid.Bool().Draw(p.rt, "with a field") {
			frame = key.Append(frame, field(m, 2))
		}
	}
	t.due = t.due[n:]
	p.add(history.Event{Op: history.Recv, Conn: t.conn, Wire: history.Text, Frame: frame})
}

func (p *play) step() {
	id := history.PrincipalID(rapid.IntRange(1, p.users).Draw(p.rt, "user"))
	tabs := p.tabs[id]
	one := tabs[rapid.IntRange(0, len(tabs)-1).Draw(p.rt, "tab")]
	switch rapid.IntRange(0, 9).Draw(p.rt, "step") {
	case 0:
		if len(tabs) < 3 {
			p.open(id, uint16(p.next))
		}
	case 1:
		if len(tabs) > 1 {
			p.add(history.Event{Op: history.Close, Conn: one.conn, Planned: true})
			p.tabs[id] = slices.DeleteFunc(tabs, func(t *tab) bool { return t == one })
		}
	case 2:
		p.add(history.Event{Op: history.Recv, Conn: one.conn, Wire: history.Text, Frame: []byte(`{"type":"hello"}`)})
	case 3, 4, 5, 6:
		p.emit(id)
	default:
		p.deliver(one, rapid.IntRange(1, 3).Draw(p.rt, "batch"))
	}
}

func (p *play) drain() {
	for i := 1; i <= p.users; i++ {
		for _, t := range p.tabs[history.PrincipalID(i)] {
			p.deliver(t, len(t.due))
		}
	}
}

func (p *play) run() {
	for range rapid.IntRange(5, 120).Draw(p.rt, "length") {
		p.step()
	}
	p.drain()
}

func (p *play) judge(late time.Duration) counts {
	c := history.New(&history.Model{Key: key, Users: users(p.users), Record: -1, LateAfter: late})
	for _, e := range append(p.events, history.Event{Op: history.Fence, At: p.now}) {
		c.Feed(e)
	}
	return c.Report(false).Counts.Map()
}

func TestCorrectHistoriesHaveNoAnomaly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPlay(rt)
		p.run()
		require.Empty(rt, p.judge(0))
	})
}

// TestEachPlantedAnomalyIsTheOnlyOne breaks a random correct history in one way
// and expects the checker to say that and nothing else.
func TestEachPlantedAnomalyIsTheOnlyOne(t *testing.T) {
	for name, crime := range crimes {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				p := newPlay(rt)
				p.run()
				a := history.PrincipalID(rapid.IntRange(1, p.users).Draw(rt, "victim"))
				b := a%history.PrincipalID(p.users) + 1
				crime(p, a, b)
				rest := p.events
				p.events = nil
				for range rapid.IntRange(0, 30).Draw(rt, "afterwards") {
					p.step()
				}
				p.drain()
				p.events = append(rest, p.events...)
				want := counts{name: 1}
				if name == "P4" {
					want["X0"] = 1 // the foreign half is a cross-user delivery too
				}
				require.Equal(rt, want, p.judge(time.Hour))
			})
		})
	}
}

// sure is emit with a trigger that succeeded, delivered to all but what the crime
// takes away.
func (p *play) sure(id history.PrincipalID) canary.Mark {
	stream := history.StreamID(id)
	p.seq[stream]++
	m := canary.Mark{Owner: uint32(id), Stream: uint32(stream), Seq: p.seq[stream]}
	p.add(history.Event{Op: history.Emit, StreamID: stream, Seq: m.Seq})
	p.add(history.Event{Op: history.Sent, StreamID: stream, Seq: m.Seq})
	return m
}

func (p *play) frame(t *tab, text string) {
	p.add(history.Event{Op: history.Recv, Conn: t.conn, Wire: history.Text, Frame: []byte(text)})
}

func (p *play) all(id history.PrincipalID, text string) {
	for _, t := range p.tabs[id] {
		p.frame(t, text)
	}
}

// crimes maps each code to a way of committing it against a, with the help of b.
var crimes = map[string]func(p *play, a, b history.PrincipalID){
	"X0": func(p *play, a, b history.PrincipalID) {
		m := key.Mint(p.sure(a))
		p.frame(p.tabs[b][0], m)
		p.all(a, m)
	},
	"X1a": func(p *play, a, _ history.PrincipalID) {
		p.open(a, 500)
		tabs := p.tabs[a]
		gone := tabs[len(tabs)-1]
		p.tabs[a] = tabs[:len(tabs)-1]
		p.add(history.Event{Op: history.Unbind, Conn: gone.conn})
		m := key.Mint(p.sure(a))
		p.frame(gone, m)
		p.all(a, m)
	},
	"X1b": func(p *play, a, _ history.PrincipalID) {
		p.next++
		early := &tab{conn: p.next}
		p.add(history.Event{Op: history.Open, Conn: early.conn, Session: history.Session{Principal: a, Device: 600}})
		m := key.Mint(p.sure(a))
		p.frame(early, m)
		p.all(a, m)
	},
	"X1c": func(p *play, a, b history.PrincipalID) {
		p.open(a, 700)
		tabs := p.tabs[a]
		moved := tabs[len(tabs)-1]
		p.tabs[a] = tabs[:len(tabs)-1]
		moved.session = history.Session{Principal: b, Device: 701, Epoch: 1}
		p.add(history.Event{Op: history.Bind, Conn: moved.conn, Session: moved.session})
		p.tabs[b] = append(p.tabs[b], moved)
		m := key.Mint(p.sure(a))
		p.frame(moved, m)
		p.all(a, m)
	},
	"X2": func(p *play, a, b history.PrincipalID) {
		m, n := p.sure(a), p.sure(b)
		p.all(b, key.Mint(n)+key.Mint(field(n, 5)))
		tabs := p.tabs[a]
		p.frame(tabs[0], key.Mint(m)+key.Mint(field(n, 5)))
		for _, t := range tabs[1:] {
			p.frame(t, key.Mint(m))
		}
	},
	"X1d": func(p *play, a, _ history.PrincipalID) {
		p.open(a, 800)
		asked := p.tabs[a][0]
		m := p.special(a, history.Audience{Kind: history.ToReply, Principal: a, Conn: asked.conn})
		p.frame(asked, m)
		p.frame(p.tabs[a][len(p.tabs[a])-1], m)
	},
	"X3": func(p *play, a, b history.PrincipalID) {
		asked := p.tabs[a][0]
		m := p.special(a, history.Audience{Kind: history.ToReply, Principal: a, Conn: asked.conn})
		p.frame(asked, m)
		p.frame(p.tabs[b][0], m)
	},
	"X4": func(p *play, a, b history.PrincipalID) {
		for _, id := range []history.PrincipalID{a, b} {
			p.add(history.Event{Op: history.Join, Room: 1, Session: history.Session{Principal: id}})
		}
		p.add(history.Event{Op: history.Leave, Room: 1, Session: history.Session{Principal: b}})
		p.now++ // at the same instant the event might still have been for b
		m := p.special(a, history.Audience{Kind: history.ToRoom, Room: 1})
		p.frame(p.tabs[a][0], m)
		p.frame(p.tabs[b][0], m)
	},
	"D3": func(p *play, a, _ history.PrincipalID) {
		p.drain()
		p.add(history.Event{Op: history.Fence})
		p.open(a, 900)
		tabs := p.tabs[a]
		for range 4 {
			m := key.Mint(p.sure(a))
			for _, t := range tabs[:len(tabs)-1] {
				p.frame(t, m)
			}
		}
		p.drain()
		p.add(history.Event{Op: history.Fence})
	},
	"X5": func(p *play, a, b history.PrincipalID) {
		p.frame(p.tabs[b][0], key.Mint(canary.Mark{Owner: uint32(a), Field: canary.FieldIdentity}))
	},
	"D0": func(p *play, a, _ history.PrincipalID) {
		p.sure(a)
		p.drain()
		p.add(history.Event{Op: history.Fence})
	},
	"D1": func(p *play, a, _ history.PrincipalID) {
		m := key.Mint(p.sure(a))
		p.all(a, m)
		p.frame(p.tabs[a][0], m)
	},
	"D2": func(p *play, a, _ history.PrincipalID) {
		m, n := key.Mint(p.sure(a)), key.Mint(p.sure(a))
		for i, t := range p.tabs[a] {
			if i > 0 {
				p.frame(t, m)
			}
			p.frame(t, n)
		}
		p.frame(p.tabs[a][0], m)
	},
	"D4": func(p *play, a, _ history.PrincipalID) {
		m := key.Mint(p.sure(a))
		for _, t := range p.tabs[a][1:] {
			p.frame(t, m)
		}
		p.now += 2 * time.Hour
		p.frame(p.tabs[a][0], m)
	},
	"P0": func(p *play, a, _ history.PrincipalID) { p.frame(p.tabs[a][0], flip(key.Mint(p.mark(a)), 33)) },
	"P1": func(p *play, a, _ history.PrincipalID) {
		m := p.mark(a)
		m.Seq += 1e6
		p.frame(p.tabs[a][0], key.Mint(m))
	},
	"P2": func(p *play, a, _ history.PrincipalID) { p.frame(p.tabs[a][0], key.Mint(p.mark(a))[:24]) },
	"P3": func(p *play, a, _ history.PrincipalID) {
		text := key.Mint(p.mark(a))
		p.frame(p.tabs[a][0], text[:10]+"?"+text[11:])
	},
	"P4": func(p *play, a, b history.PrincipalID) {
		m, n := key.Mint(p.sure(a)), key.Mint(p.sure(b))
		p.all(b, n)
		tabs := p.tabs[a]
		p.frame(tabs[0], m+n)
		for _, t := range tabs[1:] {
			p.frame(t, m)
		}
	},
	"P5": func(p *play, a, _ history.PrincipalID) {
		m := key.Mint(p.sure(a))
		tabs := p.tabs[a]
		p.add(history.Event{Op: history.Recv, Conn: tabs[0].conn, Wire: history.CloseReason, Frame: []byte(m)})
		for _, t := range tabs[1:] {
			p.frame(t, m)
		}
	},
	"H": func(p *play, _, _ history.PrincipalID) {
		p.add(history.Event{Op: history.Overrun, Name: "the reader fell behind"})
	},
}

// special plans one more stream and emits its only event.
func (p *play) special(owner history.PrincipalID, to history.Audience) string {
	id := history.StreamID(100)
	p.add(history.Event{Op: history.Plan, Stream: &history.Stream{ID: id, Owner: owner, Audience: to}})
	p.add(history.Event{Op: history.Emit, StreamID: id, Seq: 1})
	p.add(history.Event{Op: history.Sent, StreamID: id, Seq: 1})
	return key.Mint(canary.Mark{Owner: uint32(owner), Stream: uint32(id), Seq: 1})
}

func (p *play) mark(a history.PrincipalID) canary.Mark {
	return canary.Mark{Owner: uint32(a), Stream: uint32(a), Seq: 1}
}
