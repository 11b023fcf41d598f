package corpus

import (
	"fmt"
	"hash/crc32"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/stretchr/testify/require"

	"github.com/wsmig/wsmig/loadtest/internal/tmpl"
)

// scenario provokes a mechanism by hand, and reports whether it showed. What
// depends on who is first is tried again, up to rounds times, and a few times with
// a twin.
type scenario struct {
	rounds int
	run    func(w *world, round int) bool
}

func once(run func(w *world) bool) scenario {
	return scenario{1, func(w *world, _ int) bool { return run(w) }}
}

var scenarios = map[string]scenario{
	"m01-broadcast-by-default": once(func(w *world) bool {
		a, b := w.dial("alice"), w.dial("bob")
		b.send("nobody", "for-nobody")
		return b.sync() && a.sync() && a.has("for-nobody")
	}),
	"m02-last-writer": once(func(w *world) bool {
		a, b := w.dial("alice"), w.dial("bob")
		a.send("alice", "for-alice")
		return a.sync() && b.sync() && b.has("for-alice")
	}),
	"m03-check-then-act": {20, crossfire},
	"m04-loop-variable":  {20, crossfire},
	"m05-reused-slice":   {20, crossfire},
	"m06-early-put":      {20, crossfire},
	"m07-double-put":     {60, doublePut},
	"m08-dirty-tail": {50, func(w *world, round int) bool {
		a, b := w.dial("alice"), w.dial("bob")
		long := strings.Repeat("for-alice ", 40)
		a.send("alice", long)
		a.awaitText(long)
		a.send("bob", "short")
		b.awaitText("short")
		return b.has("for-alice")
	}},
	"m09-shared-encoder": {20, crossfire},
	"m10-spliced-frames": {10, spliced},
	"m11-pooled-context": {20, crossfire},
	"m12-aliased-id": once(func(w *world) bool {
		a, b := w.dial("user-1"), w.dial("user-2")
		b.send("user-2", "for-user-2")
		return b.sync() && a.sync() && a.has("for-user-2")
	}),
	"m13-lost-update": {10, lostUpdate},
	"m14-stale-close": once(func(w *world) bool {
		old, fresh, b := w.dial("alice"), w.dial("alice"), w.dial("bob")
		old.drop()
		b.send("alice", "for-alice")
		return b.sync() && fresh.sync() && !fresh.has("for-alice")
	}),
	"m15-reused-slot": once(func(w *world) bool {
		a, c := w.dial("alice"), w.dial("carol")
		a.drop()
		b := w.dial("bob")
		c.send("alice", "for-alice")
		return c.sync() && b.sync() && b.has("for-alice")
	}),
	"m16-prefix-key":           twins("u1", "u10"),
	"m16-tenant-number":        twins("acme-1", "globex-1"),
	"m16-short-hash":           twins("user-1", sameByte("user-1")),
	"m17-folded-case":          twins("BigBird", "bigbird "),
	"m17-folded-unicode-form":  twins("\uff22ird", "Bird"),
	"m17-folded-decoded-twice": twins("a%42", "aB"),
	"m17-folded-number":        twins("007", "7"),
	"m18-shared-flight":        {50, sharedFlight},
	"m18-shared-card":          once(sharedCard),
	"m19-shifted-replies":      {50, shifted},
	"m20-foreign-resume":       once(func(w *world) bool { return foreignResume(w, true) }),
	"m21-recycled-mailbox":     {50, recycled},
	"m22-half-resumed":         once(func(w *world) bool { return foreignResume(w, false) }),
	"m22-half-connected":       {100, halfConnected},
	"m23-revoked":              once(revoked),
	"m23-switched":             once(switched),
	"m23-late-goodbye":         {50, lateGoodbye},
	"m23-cached-members":       once(exMember),
	"m24-trusted-thread":       once(sameThread),
	"m25-wrong-number":         once(secondTab),
	"m26-shared-worker":        {3, stuckReader},
	"m26-shared-queue":         {3, droppedForAll},
	"m27-ack":                  once(lastErrorInAck),
	"m27-close-reason":         once(lastErrorInClose),
	"m27-presence":             once(announced),
	"m28-wide-subscription":    once(otherNode),
}

// crossfire lets two users send to themselves at once.
func crossfire(w *world, round int) bool {
	const shots = 40
	a, b := w.dial("alice"), w.dial("bobby")
	var both sync.WaitGroup
	for _, u := range []*user{a, b} {
		both.Go(func() {
			for i := range shots {
				u.send(u.id, fmt.Sprintf("for-%s-%d.", u.id, i))
			}
		})
	}
	both.Wait()
	if w.s.Correct { // nothing gets lost there
		a.awaitText(fmt.Sprintf("for-alice-%d.", shots-1))
		b.awaitText(fmt.Sprintf("for-bobby-%d.", shots-1))
	}
	return a.sync() && b.sync() && (a.has("for-bobby") || b.has("for-alice"))
}

// doublePut breaks a connection off with an event in its buffer; whoever connects
// next may share that buffer.
func doublePut(w *world, round int) bool {
	c, a := w.dial("carol"), w.dial("alice")
	c.send("alice", "for-alice")
	c.sync()
	a.drop()
	c.send("carol", "flushed")
	c.awaitText("flushed")
	x, y := w.dial("xavier"), w.dial("yvonne")
	c.send("xavier", "for-xavier")
	c.send("yvonne", "for-yvonne")
	c.send("carol", "again")
	c.awaitText("again")
	return x.sync() && y.sync() && (y.has("for-xavier") || x.has("for-yvonne"))
}

// spliced floods a connection with pings while a long message comes in.
func spliced(w *world, round int) bool {
	a := w.dial("alice")
	long := strings.Repeat("0123456789abcdef", 64<<10)
	a.send("alice", long)
	var pings sync.WaitGroup
	defer pings.Wait()
	done := make(chan struct{})
	defer close(done)
	pings.Go(func() {
		for a.ws.WriteControl(websocket.PingMessage, []byte("ping"), time.Now().Add(patience)) == nil {
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for {
		if _, ok := a.read(); !ok || a.has(long) {
			return !a.has(long)
		}
	}
}

// lostUpdate connects many users at once and looks whether all are registered.
func lostUpdate(w *world, round int) (lost bool) {
	const crowd = 8
	users := make([]*user, crowd)
	var all sync.WaitGroup
	for i := range users {
		all.Go(func() { users[i] = w.dial(fmt.Sprintf("user-%d-%d", round, i)) })
	}
	all.Wait()
	for _, u := range users {
		u.send(u.id, "for-"+u.id)
		lost = !u.sync() || !u.has("for-"+u.id) || lost
	}
	return lost
}

// twins connects two users whose ids some server takes for one.
func twins(one, other string) scenario {
	return once(func(w *world) bool {
		a, b := w.dial(one), w.dial(other)
		b.send(one, "for-the-one")
		b.send(other, "for-the-other")
		return b.sync() && a.sync() && (a.has("for-the-other") || b.has("for-the-one"))
	})
}

func sharedFlight(w *world, round int) bool {
	a, b := w.dial("alice"), w.dial("bob")
	id := fmt.Sprintf("request-%d", round)
	a.askLater(id, "of-alice")
	b.askLater(id, "of-bob")
	a.awaitText(a.answer(id))
	b.awaitText(b.answer(id))
	return a.has("of-bob") || b.has("of-alice")
}

// shifted breaks off while an answer is under way, then looks at the answers of
// others.
func shifted(w *world, round int) bool {
	for range 3 {
		a := w.dial("alice")
		a.askLater("gone", "of-alice")
		a.drop()
	}
	b, c := w.dial("bob"), w.dial("carol")
	for i := range 4 {
		require.True(w.t, b.ask(fmt.Sprintf("b%d", i), "of-bob"))
		require.True(w.t, c.ask(fmt.Sprintf("c%d", i), "of-carol"))
	}
	return b.has("of-alice") || b.has("of-carol") || c.has("of-alice") || c.has("of-bob")
}

// foreignResume comes with another user's token; secrets are sent to that user
// before and after, of which one of the two counts.
func foreignResume(w *world, backlog bool) bool {
	a, b := w.dial("alice"), w.dial("bob")
	a.drop()
	b.send("alice", "before")
	b.sync()
	thief := w.resume("mallory", a)
	b.send("alice", "after")
	b.sync()
	thief.sync()
	back := w.resume("alice", a)
	back.sync()
	if w.s.Correct {
		require.True(w.t, back.has("before") && back.has("after"), "the owner continues: %s", back.seen.String())
	}
	if backlog {
		return thief.has("before")
	}
	return thief.has("after") && !thief.has("before")
}

// recycled breaks off a connection with mail in its box.
func recycled(w *world, round int) bool {
	c, a := w.dial("carol"), w.dial("alice")
	c.send("alice", "for-alice")
	c.sync()
	a.drop()
	b := w.dial("bob")
	b.send("bob", "for-bob")
	b.awaitText("for-bob")
	return b.has("for-alice")
}

func halfConnected(w *world, round int) bool {
	w.abort("alice")
	b, c := w.dial("bob"), w.dial("carol")
	c.send("alice", "for-alice")
	return c.sync() && b.sync() && (b.has("for-alice") || c.has("for-alice"))
}

func revoked(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	w.revoke("alice")
	b.send("alice", "for-alice")
	b.sync()
	a.sync()
	return a.has("for-alice")
}

func switched(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	a.write(w.render(tmpl.Frame, w.file.Relogin.WS, w.values("anna"), ""))
	a.await(w.file.Relogin.Ready)
	b.send("alice", "for-alice")
	return b.sync() && a.sync() && a.has("for-alice")
}

func sameThread(w *world) bool {
	a := w.dial("alice")
	v := w.values("bob")
	v.Device = a.v.Device
	b := w.dialAs(v, nil)
	a.send("alice", "for-alice")
	return a.sync() && b.sync() && b.has("for-alice")
}

func secondTab(w *world) bool {
	_, tab, b := w.dial("alice"), w.dial("alice"), w.dial("bob")
	b.send("bob", "for-bob")
	return b.sync() && tab.sync() && tab.has("for-bob")
}

// stuckReader sends much to somebody who does not read, then looks whether others
// still get theirs.
func stuckReader(w *world, round int) bool {
	stuck, b, c := w.dial("alice"), w.dial("bob"), w.dial("carol")
	defer stuck.drop()
	stuck.stick()
	large := strings.Repeat("x", 64<<10)
	for range 40 {
		c.send("alice", large)
	}
	c.sync()
	b.send("bob", "for-bob")
	if w.s.Correct {
		b.awaitText("for-bob")
		return false
	}
	deadline := time.Now().Add(time.Second)
	require.NoError(w.t, b.ws.SetReadDeadline(deadline))
	for {
		_, data, err := b.ws.ReadMessage()
		if err != nil {
			return true
		}
		if strings.Contains(string(data), "for-bob") {
			return false
		}
	}
}

func lastErrorInAck(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	a.send("nobody", "of-alice")
	a.sync()
	b.send("bob", "of-bob")
	return b.sync() && b.has("of-alice")
}

func lastErrorInClose(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	a.send("nobody", "of-alice")
	a.sync()
	w.revoke("bob")
	b.sync()
	return b.has("of-alice")
}

// otherNode makes an event on the node where nobody is connected.
func otherNode(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	require.Equal(w.t, 204, w.notify("alice", "for-alice"))
	a.awaitText("for-alice")
	return b.sync() && b.has("for-alice")
}

// sameByte finds an id whose checksum ends in the same byte.
func sameByte(id string) string {
	for n := 2; ; n++ {
		other := fmt.Sprintf("user-%d", n)
		if byte(crc32.ChecksumIEEE([]byte(other))) == byte(crc32.ChecksumIEEE([]byte(id))) {
			return other
		}
	}
}

func sharedCard(w *world) bool {
	a, b := w.dial("alice"), w.dial("bob")
	require.Equal(w.t, 204, w.notify("alice", "for-alice"))
	require.Equal(w.t, 204, w.notify("bob", "for-bob"))
	return a.sync() && b.sync() && b.has("for-alice")
}

// lateGoodbye lets several users go on sending to one who logs out, and looks for
// what came behind the answer.
func lateGoodbye(w *world, round int) bool {
	const crowd = 6
	a := w.dial("alice")
	frame := []byte(w.render(tmpl.Frame, w.file.Emit[0].WS, w.values("alice"), "for-alice"))
	var senders sync.WaitGroup
	done := make(chan struct{})
	for i := range crowd {
		b := w.dial(fmt.Sprintf("user-%d", i))
		senders.Go(func() {
			for b.ws.WriteMessage(websocket.TextMessage, frame) == nil {
				if _, ok := b.read(); !ok { // one after the other: each is answered
					return
				}
				select {
				case <-done:
					b.sync()
					return
				default:
				}
			}
		})
	}
	a.awaitText("for-alice")
	a.write(w.file.Logout.WS)
	a.await(w.file.Logout.Ack)
	before := a.seen.Len()
	close(done)
	senders.Wait()
	_ = a.ws.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience)) // the reader sees it
	for ok := true; ok; {
		_, ok = a.read()
	}
	return strings.Contains(a.seen.String()[before:], "for-alice")
}

// exMember listens in a room, then logs in as somebody else on the same socket.
func exMember(w *world) bool {
	room := w.file.Emit[0]
	a, b := w.dial("alice"), w.dial("bob")
	for _, u := range []*user{a, b} {
		v := *u.v
		v.Room = "red"
		u.write(w.render(tmpl.Frame, room.Join.WS, &v, ""))
		u.sync()
	}
	say := func(text string) {
		v := *b.v
		v.Room = "red"
		b.write(w.render(tmpl.Frame, room.WS, &v, text))
		b.sync()
	}
	say("while-alice")
	a.write(w.render(tmpl.Frame, w.file.Relogin.WS, w.values("anna"), ""))
	a.await(w.file.Relogin.Ready)
	say("for-the-room")
	a.sync()
	require.True(w.t, a.has("while-alice"))
	return a.has("for-the-room")
}

// droppedForAll sends to somebody who does not read, and looks for what others miss
// meanwhile: the server gives such a client up in the end, on a slow machine before
// the last event was sent.
func droppedForAll(w *world, round int) bool {
	const events = 80
	stuck, b, c := w.dial("alice"), w.dial("bob"), w.dial("carol")
	stuck.stick()
	large := strings.Repeat("x", 16<<10)
	for i := range events {
		c.send("alice", large)
		c.send("bob", fmt.Sprintf("for-bob-%d.", i))
	}
	c.sync()
	stuck.drop()
	b.sync()
	for i := range events {
		if !b.has(fmt.Sprintf("for-bob-%d.", i)) {
			return true
		}
	}
	return false
}

func announced(w *world) bool {
	a := w.dial("alice")
	b := w.dial("bob")
	a.sync()
	require.True(w.t, a.has("here|bob|"), a.seen.String())
	return b.sync() && a.has("token-of-bob")
}
